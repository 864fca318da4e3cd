import { type Command, InvalidArgumentError } from 'commander';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';
import { showAmount } from '../tempo/tokens.js';
import { showFee, viewEntry } from '../views.js';

interface Options {
  readonly json?: boolean;
  readonly limit: number;
}

/** Most payments that one call lists. */
const historyLimitMax = 10_000;

/** Adds `farebox pay history`. */
export function registerPayHistory(pay: Command): void {
  pay
    .command('history')
    .description('what was paid, newest first')
    .option('--limit <count>', 'how many', parseLimit, 20)
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
Examples:
  farebox pay history
  farebox pay history --limit 500 --json`,
    )
    .action(run);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= historyLimitMax) return limit;
  throw new InvalidArgumentError(`A whole number from 1 to ${historyLimitMax}.`);
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const { isOpen, openJournal } = await import('@farebox/wallet');
  const journal = openJournal({ path: findHome().journal });
  try {
    const entries = journal.list({ limit: options.limit });
    if (output.json) {
      output.object({ ok: true, payments: entries.map(viewEntry) });
      return;
    }
    if (entries.length === 0) output.text('Nothing has been paid yet.');
    for (const entry of entries) {
      const when = new Date(entry.createdMs).toISOString().slice(0, 19).replace('T', ' ');
      const cost = entry.paid
        ? `${showAmount(entry.paid)}${entry.fee ? ` + ${showFee(entry.fee)}` : ''}`
        : '-';
      const what = entry.request ? `${entry.request.method} ${entry.request.url}` : 'invoice';
      const open = isOpen(entry) ? '  (may still be carried out)' : '';
      output.text(`  ${entry.id}  ${when}  ${entry.state.padEnd(15)}  ${cost.padStart(14)}  ${what}${open}`);
    }
  } finally {
    journal.close();
  }
}
