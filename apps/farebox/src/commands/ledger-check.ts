import type { LedgerReader } from '@farebox/ledger';
import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { withReader } from '../ledger/open.js';
import { printable } from '../ledger/printable.js';
import { createProgress } from '../ledger/progress.js';
import { findTarget } from '../ledger/source.js';
import { showTarget } from '../ledger/target.js';
import { createOutput } from '../output.js';
import { type LedgerOptions, ledgerExitCodeHelp, withSourceOptions } from './ledger-options.js';

/** Adds `farebox ledger check`. */
export function registerLedgerCheck(ledger: Command): void {
  const command = ledger
    .command('check')
    .description('the audit: sums every claim up and compares it with the books')
    .option('--json', 'one JSON object on stdout');
  withSourceOptions(command)
    .addHelpText(
      'after',
      `
Every claim is read, and one that cannot be (damage) ends the check. It may run beside gateways and changes nothing. Where
old claims were removed, only what is owed can still be compared, and that is said.

Examples:
  farebox ledger check
  farebox ledger check --json | jq .faults
${ledgerExitCodeHelp}`,
    )
    .action(run);
}

// The sums do not look into each claim; reading it does.
async function audit(reader: LedgerReader): ReturnType<LedgerReader['audit']> {
  const progress = createProgress(process.stderr, 'claims', `of about ${await reader.size()}`);
  try {
    for await (const _ of reader.claims()) progress.step();
  } finally {
    progress.end();
  }
  return reader.audit();
}

async function run(options: LedgerOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const target = await findTarget(options);
  const { faults, partial } = await withReader(target, audit);
  if (faults.length > 0) process.exitCode = exitCodes.failed;
  if (output.json) {
    const views = faults.map((fault) => ({
      ...fault,
      booked: String(fault.booked),
      claimed: String(fault.claimed),
    }));
    output.object({ ok: faults.length === 0, ledger: showTarget(target), partial, faults: views });
    return;
  }
  for (const { account, method, currency, route, booked, claimed } of faults) {
    const amount = (value: bigint): string => formatAmount({ amount: value, currency });
    output.text(
      `  ${account}, ${method}, ${printable(route)}: the books say ${amount(booked)}, the claims ${amount(claimed)}`,
    );
  }
  output.text(
    faults.length === 0
      ? 'The books and the claims agree.'
      : `The books and the claims differ in ${faults.length} ${faults.length === 1 ? 'place' : 'places'}. Keep a copy of the ledger before anything else.`,
  );
  if (partial) output.text('Old claims were removed: only what is owed was compared.');
}
