import { toResponse } from '../documents/mount.js';
import type { DocumentSettings } from '../documents/settings.js';
import { readDomainName } from '../names/domain-name.js';
import { decimalUsd } from '../names/price.js';
import { domainPage, freeNamePage, unknownNamePage } from '../pages/domain-page.js';
import { type FoundName, searchPage } from '../pages/search-page.js';
import type { ApiApp, ApiContext, ApiParts } from './context.js';
import { clientOf, limited } from './request.js';
import { findNames, type SearchedName } from './search.js';

/** Serves the pages for people: search, and a name. */
export function mountPages(app: ApiApp, parts: ApiParts, settings: DocumentSettings): void {
  app.get('/', (c) => c.redirect('/search', 302));
  app.get('/search', async (c) => {
    const over = limited(c, parts.limits.search, clientOf(c, parts), parts.desk.now());
    return over ?? toResponse(await searched(c, parts, settings));
  });
  app.get('/domains/:fqdn', async (c) => {
    const over = limited(c, parts.limits.search, clientOf(c, parts), parts.desk.now());
    return over ?? toResponse(await shown(c.req.param('fqdn'), parts, settings));
  });
}

async function searched(c: ApiContext, parts: ApiParts, settings: DocumentSettings) {
  const query = (c.req.query('q') ?? '').trim();
  if (query === '') return searchPage(settings, { query: '', results: [] });
  const found = await findNames(parts, query);
  if (!found.ok) return searchPage(settings, { query, results: [], problem: found.detail });
  return searchPage(settings, { query, results: found.value.map((each) => foundName(parts, each)) });
}

function foundName({ desk }: ApiParts, { name, reason, price, humanUsdMicros }: SearchedName): FoundName {
  const [token] = desk.paying.tempo?.tokens ?? [];
  const prices = [`${decimalUsd(price.net.usdMicros)} ${token?.name ?? 'USD'}`];
  if (desk.paying.lightning && price.net.sats !== undefined) prices.push(`${price.net.sats} sat`);
  return {
    ...{ domain: name.fqdn, available: reason === undefined, prices },
    ...(humanUsdMicros === price.net.usdMicros ? {} : { humanPrice: `${decimalUsd(humanUsdMicros)} USD` }),
    ...(reason === undefined ? {} : { reason }),
  };
}

async function shown(text: string, parts: ApiParts, settings: DocumentSettings) {
  const read = readDomainName({ domain: text }, parts.desk.namespaces);
  if (!read.ok) return unknownNamePage(settings, text, read.detail);
  const view = await parts.directory.find(read.value.fqdn);
  if (view !== undefined) return domainPage(settings, view);
  const found = await findNames(parts, read.value.fqdn);
  const [name] = found.ok ? found.value : [];
  return name === undefined
    ? unknownNamePage(settings, text, 'No names are sold in this namespace.')
    : freeNamePage(settings, foundName(parts, name));
}
