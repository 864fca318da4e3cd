import { plainText } from '../seller-problem.js';
import type { CatalogueDocument, CatalogueLink } from './entry.js';
import { readLink } from './openapi.js';

const linesMax = 2_000;
const linksMax = 64;

/**
 * Reads `llms.txt`: the title, the summary and the links of a service, as that proposal writes them. It holds no prices
 * that a program could rely on, so it has no entries.
 *
 * @param text - The document; the caller bounds its length.
 */
export function readLlmsTxt(text: string, documentUrl: string): CatalogueDocument {
  let title: string | undefined;
  let summary: string | undefined;
  const links: CatalogueLink[] = [];
  for (const line of text.split('\n', linesMax)) {
    const [, heading] = /^#\s+(.+)$/.exec(line) ?? [];
    const [, quote] = /^>\s*(.+)$/.exec(line) ?? [];
    title ??= heading && plainText(heading).trim();
    summary ??= quote && plainText(quote).trim();
    const [, name = '', address] = /^\s*[-*]\s*\[([^\]]{1,200})\]\(([^)\s]{1,2048})\)/.exec(line) ?? [];
    const url = readLink(address, documentUrl);
    if (url !== undefined && links.length < linksMax) links.push({ title: plainText(name), url });
  }
  return { title, summary, categories: [], links, entries: [], skipped: 0 };
}
