import { type CatalogContext, groupsOf, isPriced, priceOf } from './catalog-context.js';
import { groupPage } from './group-page.js';
import { blockInMarkdown, codeInMarkdown, type Page, plainInMarkdown } from './page.js';
import { documentPaths, markdownPath } from './paths.js';
import { sampleCommands, sampleRequest } from './sample-request.js';

/**
 * All pages: the first one, how to pay, the seller's, and one for each heading. A page of the seller's wins over ours of
 * the same name; its `index` becomes the beginning of ours, because the prices must be seen.
 */
export function allPages(context: CatalogContext, sellerPages: readonly Page[]): Page[] {
  const taken = new Set(sellerPages.map(({ slug }) => slug));
  const groups = groupPages(context, taken);
  const intro = sellerPages.find(({ slug }) => slug === 'index');
  const others = sellerPages.filter(({ slug }) => slug !== 'index');
  return [
    indexPage(context, groups, others, intro),
    ...(taken.has('paying') ? [] : [payingPage(context)]),
    ...others,
    ...groups,
  ];
}

function groupPages(context: CatalogContext, taken: ReadonlySet<string>): Page[] {
  const used = new Set(taken);
  return [...groupsOf(context.operations)].map(([group, members]) => {
    const wanted = `api/${slugOf(group)}`;
    let slug = wanted;
    for (let count = 2; used.has(slug); count++) slug = `${wanted}-${count}`;
    used.add(slug);
    return groupPage(group, slug, members, context);
  });
}

function slugOf(group: string): string {
  const slug = group
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return slug === '' ? 'group' : slug;
}

function indexPage(
  context: CatalogContext,
  groups: readonly Page[],
  sellers: readonly Page[],
  intro: Page | undefined,
): Page {
  const { title, description, about, operations, keyHeader } = context;
  const priced = operations.filter(isPriced);
  const prices = [...new Set(priced.map((operation) => priceOf(operation, context).short))];
  const price =
    prices.length === 0
      ? 'Everything here is free.'
      : `A request costs ${plainInMarkdown(prices.slice(0, 4).join('; '))}${prices.length > 4 ? '; and so on' : ''}. No account is needed.`;
  const body = [
    ...(intro === undefined
      ? [`# ${plainInMarkdown(title)}`, ...(description === undefined ? [] : [description])]
      : [intro.body.trim()]),
    price,
    ...(priced.length === 0
      ? []
      : [
          `Ask, and the answer is \`402 Payment Required\` with a challenge. Pay it, ask again with the credential, and the answer
is yours: [how to pay](${markdownPath('paying')}).${keyHeader === undefined ? '' : ` Or send a key in ${codeInMarkdown(keyHeader)}.`}`,
        ]),
    '## What there is',
    links(groups),
    ...(sellers.length === 0 ? [] : ['## To read', links(sellers)]),
    '## For programs',
    `- [OpenAPI 3.1](${documentPaths.openapi}), with the offers of every operation as \`x-payment-info\`
- [llms.txt](${documentPaths.llms}) lists these pages, [llms-full.txt](${documentPaths.llmsFull}) has all of them in one
- [SKILL.md](${documentPaths.skill}) for agents that read skills`,
    ...contactSection(about.contact),
  ].join('\n\n');
  return { slug: 'index', title, summary: 'What there is, and what it costs', body, kind: 'ours' };
}

function links(pages: readonly Page[]): string {
  return pages
    .map(
      (page) =>
        `- [${plainInMarkdown(page.title)}](${markdownPath(page.slug)}): ${plainInMarkdown(page.summary)}`,
    )
    .join('\n');
}

function contactSection(contact: CatalogContext['about']['contact']): string[] {
  if (contact === undefined) return [];
  const { name, url, email } = contact;
  const parts = [name && plainInMarkdown(name), url && `<${url}>`, email && `<${email}>`].filter(Boolean);
  return parts.length === 0 ? [] : ['## Who to ask', parts.join(', ')];
}

/** How a request is paid for, with commands that can be run as they stand. */
function payingPage(context: CatalogContext): Page {
  const { operations, about, seller, keyHeader } = context;
  const shown =
    operations.find((each) => isPriced(each) && each.method === 'GET' && each.pathNames.length === 0) ??
    operations.find(isPriced);
  const sample =
    shown === undefined
      ? { url: `${about.origin}/…`, open: [], body: undefined }
      : sampleRequest(shown, about.origin, seller?.components ?? {});
  const { preview, pay, curl } = sampleCommands(shown?.method ?? 'GET', sample);
  const body = `# How to pay

No account is needed. A request without payment is answered \`402 Payment Required\`; what to pay is in
\`WWW-Authenticate: Payment …\`. This is the Payment authentication scheme of the Machine Payments Protocol
(<https://mpp.dev>); the challenge, not these pages, says what a request really costs.

## With the farebox wallet

${blockInMarkdown('sh', `${preview}   # what would it cost? spends nothing\n${pay}   # pays, asks again, prints the answer\nfarebox pay api ${about.origin}   # everything that is for sale here`)}

## With curl and any wallet

1. **Ask.** The answer is 402, with one challenge for each way of paying.

${blockInMarkdown('sh', curl)}

2. **Pay** what the challenge asks for. \`request\` in it is base64url JSON; for the method \`lightning\` its
   \`methodDetails.invoice\` is a Lightning invoice, and any wallet that pays it shows the preimage, which is the proof.

3. **Ask again**, for the same thing, with the credential: base64url of the JSON
   \`{"challenge": {…as received…}, "payload": {"preimage": "…"}}\`.

${blockInMarkdown('sh', `${curl} -H 'Authorization: Payment <credential>'`)}

The answer has a \`Payment-Receipt\`.

## What a credential is good for

- It buys the very request that its challenge was given for: method, path, query and body. For another one it is refused
  with 403, and still buys what it was issued for.
- It works once. If the answer was lost, or the service behind failed, the same credential works again. Do not pay twice.
- Expired, malformed or used credentials are answered 402 with a fresh challenge; a failed try uses nothing up.
- 500 or 503 with \`Retry-After\`: payments cannot be taken just now. Ask again; nothing was charged.
${keyHeader === undefined ? '' : `\n## With a key\n\nA key in \`${keyHeader}\` is taken instead of a payment, within its rate limits. Where both are sent the payment is looked at first;\nif it fails and the key is good, the key serves. A paid request is not rate limited.\n`}`;
  return {
    slug: 'paying',
    title: 'How to pay',
    summary: 'The flow, with commands, and what a credential is good for',
    body,
    kind: 'ours',
  };
}
