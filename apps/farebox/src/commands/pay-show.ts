import type { JournalEntry } from '@farebox/wallet';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { showPayment, viewPayment } from '../history/payment.js';
import { findHome } from '../home.js';
import { createOutput } from '../output.js';

interface Options {
  readonly json?: boolean;
}

/** Adds `farebox pay show`. */
export function registerPayShow(pay: Command): void {
  pay
    .command('show')
    .description('one payment: challenge, invoice, fee, receipt, times; never its proof')
    .argument('<id>', 'the payment, as farebox pay history names it, or its payment hash')
    .option('--json', 'one JSON object on stdout, errors as one on stderr')
    .addHelpText(
      'after',
      `
Examples:
  farebox pay show pay_0123456789abcdef0123
  farebox pay show pay_0123456789abcdef0123 --json`,
    )
    .action(run);
}

async function run(id: string, options: Options): Promise<void> {
  const output = createOutput({ json: options.json });
  const entry = await find(id);
  const view = await viewPayment(entry);
  if (output.json) output.object({ ok: true, payment: view });
  else output.text(showPayment(view, output.color));
}

async function find(id: string): Promise<JournalEntry> {
  const { openJournal } = await import('@farebox/wallet/journal-sqlite');
  const journal = openJournal({ path: findHome().journal });
  try {
    const entry = journal.find(id) ?? journal.findByReference(id);
    if (entry) return entry;
  } finally {
    journal.close();
  }
  throw new CliError(
    'payment_not_found',
    'There is no such payment in the journal; list them with: farebox pay history',
    { exitCode: exitCodes.usage, retry: 'never' },
  );
}
