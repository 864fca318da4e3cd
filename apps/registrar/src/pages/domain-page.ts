import type { DnsRecord, DomainView, Profile } from '../directory.js';
import { isoDate } from '../documents/manifest.js';
import { documentPaths } from '../documents/paths.js';
import { lockWords, paymentWords } from '../documents/payment-words.js';
import { exampleBody, walletCommands } from '../documents/registrar-skill.js';
import type { Answer, DocumentSettings } from '../documents/settings.js';
import { manifestPath, pointerTexts, skillPath } from '../zone/pointers.js';
import { pointerTtlSeconds } from '../zone/settings.js';
import { escapeHtml, pageAnswer } from './frame.js';
import { type FoundName, searchForm } from './search-page.js';

/** How many of a domain's records its page shows. */
export const recordsShownMax = 200;

/** The page of a registered name: its dates, its documents, its records, and what its owner says. */
export function domainPage(settings: DocumentSettings, domain: DomainView): Answer {
  const { fqdn } = domain;
  return pageAnswer(settings, {
    title: fqdn,
    body: `<h1>${escapeHtml(fqdn)}</h1>
<p class="lead">${standing(domain)}</p>
<dl>
<dt>Registered</dt><dd>${when(domain.registeredMs)}</dd>
<dt>Expires</dt><dd>${when(domain.expiresMs)}</dd>
<dt>Free again</dt><dd>${when(domain.graceEndsMs)}, unless renewed</dd>
<dt>Owner</dt><dd><code>${escapeHtml(domain.owner)}</code></dd>
<dt>Manifest</dt><dd><a href="${escapeHtml(manifestPath(fqdn))}">${escapeHtml(manifestPath(fqdn))}</a></dd>
<dt>Skill</dt><dd><a href="${escapeHtml(skillPath(fqdn))}">${escapeHtml(skillPath(fqdn))}</a></dd>
</dl>
${profileBlock(domain.profile)}
<h2>DNS records</h2>
${recordTable(domain, settings)}`,
  });
}

/** The page of a name that nobody has: what it costs and how an agent buys it, or why it cannot be bought (404). */
export function freeNamePage(settings: DocumentSettings, name: FoundName): Answer {
  if (!name.available) {
    return unknownNamePage(settings, name.domain, name.reason ?? 'This name is not for sale.');
  }
  const [label = '', ...rest] = name.domain.split('.');
  const namespace = rest.join('.');
  const body = exampleBody(settings, namespace).replace('"myname"', JSON.stringify(label));
  const price = name.prices.length === 0 ? '' : ` for ${escapeHtml(name.prices.join(' or '))} a year`;
  const people =
    name.humanPrice === undefined
      ? ''
      : `\n<p>That is what an agent pays. For people the price is ${escapeHtml(name.humanPrice)} a year; it is asked for by whoever runs
this registrar, as its own requests are paid by agents.</p>`;
  const domain = escapeHtml(name.domain);
  return pageAnswer(settings, {
    title: name.domain,
    body: `<h1>${domain}</h1>
<p class="lead"><span class="state free">Free</span> It can be registered${price}.</p>${people}
<h2>With a wallet</h2>
<p>The first line shows what it would cost, the second buys it.</p>
<pre tabindex="0" role="region" aria-label="Commands"><code>${escapeHtml(walletCommands(settings, name.domain))}</code></pre>
<h2>By hand</h2>
<p>This asks for the price; the answer is a challenge that is paid by ${escapeHtml(paymentWords(settings))}. The name is
then locked for ${escapeHtml(lockWords(settings))}. How the request is sent again once it is paid:
<a href="${documentPaths.skillMpp}">skill_mpp.md</a>.</p>
<pre tabindex="0" role="region" aria-label="Request"><code>curl -i -X POST ${escapeHtml(settings.origin)}/api/v1/domains/register \\
  -H 'Content-Type: application/json' -H 'X-Payment-Method: mpp' \\
  -H 'X-API-Key: ${escapeHtml(settings.keyPrefix)}YOUR_KEY' \\
  -d '${escapeHtml(body)}'</code></pre>`,
  });
}

/** The page of a name that is neither registered nor for sale, and of a path that is no name. */
export function unknownNamePage(
  settings: DocumentSettings,
  text: string,
  reason: string,
  status = 404,
): Answer {
  return pageAnswer(settings, {
    status,
    title: 'No such name',
    body: `<h1>${escapeHtml(text.slice(0, 253))}</h1>
<p class="lead">${escapeHtml(reason)}</p>
${searchForm('')}`,
  });
}

function standing(domain: DomainView): string {
  switch (domain.status) {
    case 'registered':
      return '<span class="state">Registered</span>';
    case 'expiring':
      return '<span class="state late">Expires soon</span> Its owner can renew it.';
    case 'grace':
      return '<span class="state late">Expired</span> Only its owner can renew it, until the day that it is free again.';
  }
}

function when(ms: number): string {
  const iso = isoDate(ms);
  return iso === '' ? 'unknown' : `<time datetime="${iso}">${iso.slice(0, 10)}</time>`;
}

function profileBlock(profile: Profile): string {
  const { name, bio, category, link, pfp, x, capabilities, workflows } = profile;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Name', text(name)],
    ['About', text(bio)],
    ['Category', text(category)],
    ['Link', outward(link)],
    ['Picture', outward(pfp)],
    ['X', text(x)],
    ['Capabilities', text(capabilities?.join(', '))],
    ['Workflows', text(workflows?.join(', '))],
  ];
  const shown = rows.filter(([, html]) => html !== undefined);
  if (shown.length === 0) return '';
  return `<h2>In the owner’s words</h2>
<div class="said">
<p class="whose">The owner wrote this; the registrar has not checked it.</p>
<dl>
${shown.map(([term, html]) => `<dt>${term}</dt><dd>${html}</dd>`).join('\n')}
</dl>
</div>`;
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : escapeHtml(value);
}

/** Only the web is linked to; anything else is shown as the text that it is. */
function outward(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  const target = URL.canParse(value) ? new URL(value) : undefined;
  if (target?.protocol !== 'https:' && target?.protocol !== 'http:') return escapeHtml(value);
  return `<a href="${escapeHtml(target.href)}" rel="nofollow ugc noopener noreferrer">${escapeHtml(value)}</a>`;
}

function recordTable(domain: DomainView, settings: DocumentSettings): string {
  const pointers = pointerTexts(domain.fqdn, settings).map((data) =>
    row('@', 'TXT', String(pointerTtlSeconds), data),
  );
  const own = domain.records.slice(0, recordsShownMax).map(recordRow);
  const more = domain.records.length - own.length;
  const rest = more > 0 ? `\n<p>And ${more} more.</p>` : '';
  return `<div class="wide" tabindex="0" role="region" aria-label="DNS records"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Seconds</th><th scope="col">Data</th></tr></thead>
<tbody>
${[...pointers, ...own].join('\n')}
</tbody>
</table></div>${rest}`;
}

function recordRow(record: DnsRecord): string {
  return row(record.name, record.type, String(record.ttlSeconds), record.data);
}

function row(name: string, type: string, seconds: string, data: string): string {
  const cells = [name, type, seconds].map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
  return `<tr>${cells}<td><code>${escapeHtml(data)}</code></td></tr>`;
}
