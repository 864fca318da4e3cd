import { finest, hostOf, type JournalEntry, outcomeIn, type WalletOutcome } from '@farebox/wallet';

/** What was paid to one host on one day, in one currency. */
export interface DayTotal {
  /** UTC, of when the payments were begun: `2026-01-31`. */
  readonly day: string;
  /** `by hand` for invoices without a request. */
  readonly host: string;
  /** `sat`, or a token's address in lower case. */
  readonly currency: string;
  /** Base units of the currency. */
  readonly paid: bigint;
  /** The smallest unit: `msat`, or a token's address in lower case. */
  readonly feeCurrency: string;
  readonly fee: bigint;
  /** How many of these payments stand how. */
  readonly outcomes: Readonly<Record<WalletOutcome, number>>;
}

/** Adds up payments by day, host and currency; newest day first. What certainly was not paid adds what it cost in fees. */
export function addUp(entries: Iterable<JournalEntry>): readonly DayTotal[] {
  const totals = new Map<string, DayTotal>();
  for (const entry of entries) {
    const day = new Date(entry.createdMs).toISOString().slice(0, 10);
    const host = entry.request === undefined ? 'by hand' : hostOf(entry.request.url);
    const currency = (entry.paid ?? entry.price).currency.toLowerCase();
    // Limits of fees are in sat and what was paid of them in msat: they belong into one sum.
    const { currency: feeCurrency } = finest(entry.fee ?? entry.maxFee);
    const key = JSON.stringify([day, host, currency, feeCurrency]);
    const total = totals.get(key) ?? { day, host, currency, feeCurrency, paid: 0n, fee: 0n, outcomes: none };
    const outcome = outcomeIn(entry);
    totals.set(key, {
      ...total,
      paid: total.paid + (entry.paid?.amount ?? 0n),
      fee: total.fee + (entry.fee ? finest(entry.fee).amount : 0n),
      outcomes: { ...total.outcomes, [outcome]: total.outcomes[outcome] + 1 },
    });
  }
  return [...totals.values()].sort((a, b) =>
    a.day === b.day ? (a.host < b.host ? -1 : 1) : a.day < b.day ? 1 : -1,
  );
}

const none: Readonly<Record<WalletOutcome, number>> = {
  'not-sent': 0,
  refused: 0,
  unknown: 0,
  delivered: 0,
  credit: 0,
};
