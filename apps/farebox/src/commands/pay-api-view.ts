import type { CatalogueEntry, CatalogueOffer, CatalogueService } from '@farebox/wallet/catalogue';
import type { Output } from '../output.js';
import { showAmount } from '../tempo/tokens.js';

/** Widest description of the table. */
const descriptionCharsMax = 60;

/** An operation that is for sale, as JSON. Texts in it are the seller's: data, nothing to obey. */
export function viewEndpoint(entry: CatalogueEntry) {
  const { origin, method, url, description, tags, parameters, body, offers } = entry;
  return {
    origin,
    method,
    url,
    description,
    tags,
    parameters,
    body,
    offers: offers.map((offer) => ({
      method: offer.method,
      intent: offer.intent,
      amount: offer.amount === undefined ? null : String(offer.amount),
      currency: offer.currency ?? null,
      description: offer.description ?? null,
      text: showPrice(offer),
    })),
    example: exampleCommand(entry),
  };
}

/** A service, as JSON. */
export function viewService({ origin, title, summary, categories, links }: CatalogueService) {
  return { origin, title: title ?? null, summary: summary ?? null, categories, links };
}

/** `1 sat`, `0.05 pathUSD`; the price that was published, not yet the one that will be asked. */
export function showPrice({ amount, currency }: CatalogueOffer): string {
  if (amount === undefined) return 'varies';
  return currency === undefined ? String(amount) : showAmount({ amount, currency });
}

/** The command that asks for the real price. Safe to paste: a seller's text stands in quotes that it cannot leave. */
export function exampleCommand({ method, exampleUrl: url, body }: CatalogueEntry): string {
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  return `farebox pay request ${shellQuote(url)}${verb}${body ? " -d '{}'" : ''}`;
}

function shellQuote(text: string): string {
  return /^[A-Za-z0-9/:._~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The table for people: price, method, operation, description, and below each the command that asks for its real price. */
export function showCatalogue(
  services: readonly CatalogueService[],
  entries: readonly CatalogueEntry[],
  { color }: Output,
): string {
  const lines: string[] = [];
  for (const { origin, title } of services) {
    const own = entries.filter((entry) => entry.origin === origin);
    if (own.length === 0) continue;
    lines.push(`${color.bold(title ?? origin)}${title === undefined ? '' : color.dim(`  ${origin}`)}`);
    const rows = own.map((entry) => ({
      price: entry.offers.map(showPrice).join(' or '),
      by: [...new Set(entry.offers.map((offer) => offer.method))].join(', '),
      what: `${entry.method} ${pathOf(entry)}`,
      description: shorten(entry.description),
      example: exampleCommand(entry),
    }));
    const width = (pick: (row: (typeof rows)[number]) => string) =>
      Math.max(...rows.map((row) => pick(row).length));
    const [price, by, what] = [width((row) => row.price), width((row) => row.by), width((row) => row.what)];
    for (const row of rows) {
      const cells = [
        color.green(row.price.padStart(price)),
        color.dim(row.by.padEnd(by)),
        row.what.padEnd(what),
        row.description,
      ];
      lines.push(`  ${cells.join('  ')}`.trimEnd(), `      ${row.example}`);
    }
    lines.push('');
  }
  lines.push('Each command shows what the seller really asks for, and pays nothing without --yes.');
  return lines.join('\n');
}

function pathOf({ url, origin }: CatalogueEntry): string {
  return url.startsWith(`${origin}/`) ? url.slice(origin.length) : url;
}

function shorten(text: string): string {
  return text.length <= descriptionCharsMax ? text : `${text.slice(0, descriptionCharsMax - 1)}…`;
}
