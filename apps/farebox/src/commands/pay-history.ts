import type { Journal, JournalFilter } from '@farebox/wallet';
import type { Command } from 'commander';
import { usageError } from '../cli-error.js';
import type { HistoryFilterOptions } from '../history/options.js';
import { parseLimit, readHistoryFilter, withHistoryFilter } from '../history/options.js';
import { findHome } from '../home.js';
import { createOutput, type Output } from '../output.js';
import { viewAmount } from '../policy/views.js';
import { viewEntry } from '../views.js';

interface Options extends HistoryFilterOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly totals?: boolean;
  readonly limit?: number;
}

/** Most payments that one call lists; CSV and totals have no such limit. */
const historyLimitMax = 10_000;
/** Payments that one call lists when nothing is said. */
const historyLimit = 20;

/** Adds `farebox pay history`. */
export function registerPayHistory(pay: Command): void {
  const command = pay.command('history').description('what was paid, newest first');
  withHistoryFilter(command)
    .option(
      '--limit <count>',
      `how many (default: ${historyLimit}, or all with --csv)`,
      parseLimit(historyLimitMax),
    )
    .option('--totals', 'sums by day and host instead of a list')
    .option('--csv', 'comma-separated values on stdout')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
States are those of the journal (planned, paying, payment-unknown, not-paid, paid, presented, delivered, refused,
failed, answer-unknown) or outcomes: not-sent, refused, unknown, delivered, credit.

Examples:
  farebox pay history
  farebox pay history --state credit,unknown
  farebox pay history --since 7d --totals
  farebox pay history --since 2026-01-01 --until 2026-02-01 --csv > january.csv`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.csv && (options.json || options.totals)) {
    throw usageError('Give one of --csv, --json and --totals; only --totals goes with --json.');
  }
  const output = createOutput({ json: options.json, raw: options.csv });
  const filter = await readHistoryFilter(options, Date.now());
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = openJournal({ path: findHome().journal });
  try {
    if (options.csv) await writeCsv(journal, filter, options.limit);
    else if (options.totals) await writeTotals(journal, filter, output);
    else await writeList(journal, { ...filter, limit: options.limit ?? historyLimit }, output);
  } finally {
    journal.close();
  }
}

async function writeList(
  journal: Journal,
  filter: JournalFilter & { readonly limit: number },
  output: Output,
): Promise<void> {
  const entries = journal.list(filter);
  if (output.json) {
    output.object({ ok: true, payments: entries.map(viewEntry) });
    return;
  }
  if (entries.length === 0) return output.text('There is no such payment.');
  const { historyHeading, historyLine } = await import('../history/rows.js');
  output.text(output.color.dim(historyHeading));
  for (const entry of entries) output.text(historyLine(entry));
}

async function writeCsv(journal: Journal, filter: JournalFilter, limit = Number.MAX_SAFE_INTEGER) {
  const [{ historyCsvHeader, historyCsvRow }, { streamSink }] = await Promise.all([
    import('../history/rows.js'),
    import('../ledger/sink.js'),
  ]);
  const sink = streamSink(process.stdout);
  let wanted = await sink.write(historyCsvHeader);
  let left = limit;
  for (const entry of journal.each(filter)) {
    // The reader has left, or has all that was asked for.
    if (!wanted || left === 0) break;
    left -= 1;
    wanted = await sink.write(historyCsvRow(entry));
  }
  await sink.finish();
}

async function writeTotals(journal: Journal, filter: JournalFilter, output: Output): Promise<void> {
  const { addUp } = await import('../history/totals.js');
  const totals = addUp(journal.each(filter));
  if (output.json) {
    const view = totals.map(({ day, host, paid, currency, fee, feeCurrency, outcomes }) => ({
      day,
      host,
      paid: viewAmount({ amount: paid, currency }),
      fee: viewAmount({ amount: fee, currency: feeCurrency }),
      outcomes,
    }));
    output.object({ ok: true, totals: view });
    return;
  }
  if (totals.length === 0) return output.text('There is no such payment.');
  const { totalLine, totalsHeading } = await import('../history/rows.js');
  output.text(output.color.dim(totalsHeading));
  for (const total of totals) output.text(totalLine(total));
}
