import type { NodePeriod, SettledInvoice } from '../node.js';

/** Nodes that find invoices by when they were made: one paid later than this after it was made is not found. */
export const settledAfterMadeMsMax = 7 * 24 * 60 * 60 * 1_000;

/** One page of a node's invoices. */
export interface SettledPage {
  /** Settled ones, whenever that was. */
  readonly invoices: readonly SettledInvoice[];
  /** There is no page after it. */
  readonly last: boolean;
}

/** Most pages that are asked for, so that a node that always has another one comes to an end. */
export const settledPagesMax = 100_000;

/** What settled within a period, page by page. Pages may overlap, when invoices settle while they are read. */
export async function* settledWithin(
  period: NodePeriod,
  pageOf: (number: number) => Promise<SettledPage>,
): AsyncGenerator<SettledInvoice> {
  const told = new Set<string>();
  for (let number = 0; number < settledPagesMax; number++) {
    const { invoices, last } = await pageOf(number);
    for (const invoice of invoices) {
      const { paymentHash, settledMs } = invoice;
      if (settledMs < period.fromMs || settledMs >= period.untilMs || told.has(paymentHash)) continue;
      told.add(paymentHash);
      yield invoice;
    }
    if (last) return;
  }
}

/** A description as it is listed: an empty one is none. */
export function described(description: string | undefined): { readonly description?: string } {
  return description === undefined || description === '' ? {} : { description };
}
