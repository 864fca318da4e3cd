import { type CatalogContext, groupsOf, isPriced, priceOf } from './catalog-context.js';
import { documentPaths, markdownPath } from './paths.js';
import { sampleCommands, sampleRequest } from './sample-request.js';

/** Operations under one heading that the skill names; the pages have the rest. */
const operationsPerGroupMax = 5;

/** `SKILL.md`: how an agent uses the service, with the front matter that skill loaders read. */
export function skillText(context: CatalogContext): string {
  const { title, description, about, operations } = context;
  const { origin } = about;
  const what = oneLine(description ?? `The HTTP API at ${origin}.`);
  const groups = [...groupsOf(operations)].map(([group, members]) => {
    const named = members
      .slice(0, operationsPerGroupMax)
      .map(
        (each) =>
          `- \`${each.method} ${each.path}\`: ${oneLine(each.summary)} (${priceOf(each, context).short})`,
      );
    const more = members.length - named.length;
    return [`### ${oneLine(group)}`, '', ...named, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
  });
  return `---
name: ${JSON.stringify(skillName(title))}
description: ${JSON.stringify(`${what} Use it when a task needs this service; requests are paid for one by one.`.slice(0, 1_000))}
version: ${JSON.stringify(context.about.version ?? '1.0.0')}
homepage: ${JSON.stringify(origin + documentPaths.pages)}
metadata:
  api_base: ${JSON.stringify(origin)}
  openapi: ${JSON.stringify(origin + documentPaths.openapi)}
---

# ${oneLine(title)}

${what}

## How to use it

${commands(context)}

- Preview first. What the challenge of the 402 asks for is what a request costs; these pages are for finding your way.
- A credential buys the very request it was issued for, once. If the answer got lost, send the same request with the same
  credential again. Do not pay twice.
- Ask the pages: \`GET ${origin}${markdownPath('index')}?ask=<question>\`. All of them: ${origin}${documentPaths.llms}

## What there is

${groups.join('\n\n')}
`;
}

function commands(context: CatalogContext): string {
  const shown =
    context.operations.find((each) => isPriced(each) && each.method === 'GET') ?? context.operations[0];
  if (shown === undefined) return 'There is nothing to ask for yet.';
  const sample = sampleRequest(shown, context.about.origin, context.seller?.components ?? {});
  const { preview, pay, curl } = sampleCommands(shown.method, sample);
  const lines = isPriced(shown) ? [`farebox pay api ${context.about.origin}`, preview, pay] : [curl];
  return `\`\`\`sh\n${lines.join('\n')}\n\`\`\``;
}

/** Lower case, digits and hyphens, at most 64 of them: what loaders of skills take. */
function skillName(title: string): string {
  const name = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
    .replace(/-+$/, '');
  return name === '' ? 'paid-api' : name;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
