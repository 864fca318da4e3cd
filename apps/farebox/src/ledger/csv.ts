import type { Entry } from '@farebox/ledger';
import type { QuotedRate } from '@farebox/protocol';
import { isoTime } from './moments.js';

/** One record of CSV (RFC 4180 §2): fields in quotes where they need it, CRLF at its end. */
export function csvRecord(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rateFields(rate: QuotedRate | undefined): readonly string[] {
  if (rate === undefined) return ['', '', '', '', ''];
  return [rate.price, rate.currency, rate.rate, rate.unit, isoTime(rate.asOfMs)];
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
  'price',
  'price_currency',
  'rate',
  'rate_unit',
  'rate_as_of',
]);

/**
 * One entry as CSV. The amount is in whole base units of its currency. The last five fields are the rate that its price was
 * quoted at, empty where there was none.
 */
export function csvEntry(entry: Entry): string {
  const { atMs, seq, method, route, debit, credit, amount } = entry;
  const plain = [isoTime(atMs), String(seq), method, route, debit, credit];
  return csvRecord([...plain, String(amount.amount), amount.currency, ...rateFields(entry.rate)]);
}
