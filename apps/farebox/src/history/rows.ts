import { isOpen, type JournalEntry, outcomeIn } from '@farebox/wallet';
import { csvRecord } from '../ledger/csv.js';
import { isoTime, showTime } from '../ledger/moments.js';
import { printable } from '../ledger/printable.js';
import { showAmount } from '../tempo/tokens.js';
import { showMoney } from '../views.js';
import type { DayTotal } from './totals.js';

/** The first record of the history as CSV. */
export const historyCsvHeader = csvRecord([
  'id',
  'created',
  'state',
  'outcome',
  'method',
  'http_method',
  'url',
  'payee',
  'network',
  'reference',
  'price',
  'paid',
  'currency',
  'fee',
  'fee_currency',
  'status',
  'receipt_reference',
  'delivered',
]);

/** One payment as CSV. Amounts are whole base units, `paid` empty where nothing was paid, `fee` where none was. Never the proof. */
export function historyCsvRow(entry: JournalEntry): string {
  const { request, paid, fee, receipt, deliveredMs } = entry;
  return csvRecord([
    entry.id,
    isoTime(entry.createdMs),
    entry.state,
    outcomeIn(entry),
    entry.challenge.method,
    request?.method ?? '',
    request?.url ?? '',
    entry.payee,
    entry.network,
    entry.reference,
    String(entry.price.amount),
    paid === undefined ? '' : String(paid.amount),
    (paid ?? entry.price).currency,
    fee === undefined ? '' : String(fee.amount),
    fee?.currency ?? '',
    entry.status === undefined ? '' : String(entry.status),
    receipt?.reference ?? '',
    deliveredMs === undefined ? '' : isoTime(deliveredMs),
  ]);
}

/** What stands above {@link historyLine}. */
export const historyHeading = `  ${'payment'.padEnd(24)}  ${'begun'.padEnd(20)}  ${'state'.padEnd(15)}  ${'paid + fee'.padStart(20)}  for`;

/** One payment as a line for people. */
export function historyLine(entry: JournalEntry): string {
  const cost = `${entry.paid ? showAmount(entry.paid) : '-'}${entry.fee ? ` + ${showMoney(entry.fee)}` : ''}`;
  const what = entry.request ? `${entry.request.method} ${entry.request.url}` : 'invoice';
  const open = isOpen(entry) ? '  (may still be carried out)' : '';
  const when = showTime(entry.createdMs);
  return printable(`  ${entry.id}  ${when}  ${entry.state.padEnd(15)}  ${cost.padStart(20)}  ${what}${open}`);
}

/** What stands above {@link totalLine}. */
export const totalsHeading = `  ${'day'.padEnd(10)}  ${'host'.padEnd(28)}  ${'paid + fee'.padStart(20)}  payments`;

/** What was paid to one host on one day, for people. */
export function totalLine(total: DayTotal): string {
  const { day, host, paid, currency, fee, feeCurrency, outcomes } = total;
  const counts = Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
  const cost = `${showMoney({ amount: paid, currency })} + ${showMoney({ amount: fee, currency: feeCurrency })}`;
  return `  ${day}  ${host.padEnd(28)}  ${cost.padStart(20)}  ${counts}`;
}
