import { type CatalogContext, isPriced, priceOf } from './catalog-context.js';
import { markdownOf, type Page } from './page.js';
import { documentPaths, markdownPath } from './paths.js';

/** Most operations that `llms.txt` lists one by one; it is read whole by agents, and the pages have the rest. */
export const llmsOperationsMax = 200;

/** `llms.txt` (llmstxt.org): name, summary, and links with a line about each. */
export function llmsText(context: CatalogContext, pages: readonly Page[]): string {
  const { title, description, about, operations } = context;
  const { origin } = about;
  const link = (page: Page): string =>
    `- [${oneLine(page.title)}](${origin}${markdownPath(page.slug)}): ${oneLine(page.summary)}`;
  const ofKind = (kind: Page['kind']): string[] => pages.filter((page) => page.kind === kind).map(link);
  const shown = operations.slice(0, llmsOperationsMax);
  const more = operations.length - shown.length;
  const parts = [
    `# ${oneLine(title)}`,
    `> ${oneLine(description ?? `An HTTP API at ${origin}.`)} ${priceLine(operations.some(isPriced))}`,
    section('Start here', ofKind('ours')),
    section('Guides', ofKind('seller')),
    section('Operations by heading', ofKind('group')),
    section('Every operation and its price', [
      ...shown.map(
        (operation) =>
          `- ${operation.method} ${origin}${operation.path}: ${oneLine(operation.summary)} (${priceOf(operation, context).short})`,
      ),
      ...(more > 0 ? [`- ${more} more: see ${origin}${documentPaths.openapi}`] : []),
    ]),
    section('Optional', [
      `- [OpenAPI 3.1](${origin}${documentPaths.openapi}): every operation, its schemas and its payment offers`,
      `- [All pages in one](${origin}${documentPaths.llmsFull})`,
      `- [Skill](${origin}${documentPaths.skill})`,
    ]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** `llms-full.txt`: all pages, one after the other. */
export function llmsFullText(context: CatalogContext, pages: readonly Page[]): string {
  const { origin } = context.about;
  return `${pages.map((page) => `<!-- ${origin}${markdownPath(page.slug)} -->\n\n${page.body.trim()}\n`).join('\n---\n\n')}\n`;
}

/** One page, as it is served. */
export function pageText(context: CatalogContext, page: Page): string {
  return markdownOf(page, context.about.origin);
}

function priceLine(priced: boolean): string {
  return priced
    ? 'Requests are paid for one by one with the Payment HTTP authentication scheme; the 402 challenge says what each really costs.'
    : 'All of it is free.';
}

function section(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${heading}\n\n${lines.join('\n')}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
