import type { Entry } from '@farebox/ledger';
import { isoTime } from './moments.js';

/** One record of CSV (RFC 4180 §2): fields in quotes where they need it, CRLF at its end. */
export function csvRecord(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The first record of the books as CSV. */
export const csvHeader = csvRecord([
  'time',
  'claim',
  'method',
  'route',
  'debit',
  'credit',
  'amount',
  'currency',
]);

/** One entry as CSV. The amount is in whole base units of its currency. */
export function csvEntry(entry: Entry): string {
  const { atMs, seq, method, route, debit, credit, amount } = entry;
  const plain = [isoTime(atMs), String(seq), method, route, debit, credit];
  return csvRecord([...plain, String(amount.amount), amount.currency]);
}
