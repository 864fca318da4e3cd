import { formatAmount } from '@farebox/protocol';
import type { Output } from '../output.js';
import { stringify } from '../output.js';
import { type Column, tableLine, titleLine } from './columns.js';
import type { Progress } from './progress.js';
import type { Sink } from './sink.js';

/** One row of a list, in both forms, and what it adds to the totals. */
export interface ListRow {
  readonly cells: readonly string[];
  readonly view: object;
  /** In whose total it is counted: a state, a movement. There are few of them. */
  readonly kind: string;
  readonly amount: { readonly amount: bigint; readonly currency: string };
}

/** How a list is written. */
export interface ListTerms {
  readonly output: Output;
  readonly columns: readonly Column[];
  /** What is counted, in the plural. */
  readonly what: string;
  /** The line above the list. */
  readonly title: string;
  readonly sink: Sink;
  readonly progress: Progress;
}

/**
 * Writes a list while it is read, in constant memory: as JSON Lines, or as a table with totals below it. Stops when the
 * reader has left.
 */
export async function writeList(rows: AsyncIterable<ListRow>, terms: ListTerms): Promise<void> {
  const { output, columns, sink, progress } = terms;
  const totals = new Map<string, { count: number; amount: bigint; kind: string; currency: string }>();
  let wanted = true;
  try {
    if (!output.json) wanted = await sink.write(`${terms.title}\n${output.color.dim(titleLine(columns))}`);
    for await (const { cells, view, kind, amount } of rows) {
      if (!wanted) return;
      const key = JSON.stringify([kind, amount.currency]);
      const total = totals.get(key) ?? { count: 0, amount: 0n, kind, currency: amount.currency };
      total.count += 1;
      total.amount += amount.amount;
      totals.set(key, total);
      wanted = await sink.write(output.json ? `${stringify(view)}\n` : tableLine(columns, cells));
      progress.step();
    }
    if (output.json) return;
    const sums = [...totals.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = sums.map(([, total]) => `  ${total.kind}: ${total.count}, ${formatAmount(total)}\n`);
    const all = sums.reduce((sum, [, { count }]) => sum + count, 0);
    await sink.write(`${all} ${terms.what}\n${lines.join('')}`);
  } finally {
    progress.end();
    await sink.finish();
  }
}
