import type { Command } from 'commander';
import { registerLedgerBalance } from './ledger-balance.js';
import { registerLedgerByHand } from './ledger-by-hand.js';
import { registerLedgerCheck } from './ledger-check.js';
import { registerLedgerClaim } from './ledger-claim.js';
import { registerLedgerExport } from './ledger-export.js';
import { registerLedgerLists } from './ledger-lists.js';
import { ledgerExitCodeHelp, ledgerJsonHelp } from './ledger-options.js';
import { registerLedgerReconcile } from './ledger-reconcile.js';

/** Adds `farebox ledger` and its commands. */
export function registerLedger(program: Command): void {
  const ledger = program
    .command('ledger')
    .description('the seller’s books: what was received, delivered and is still owed')
    .addHelpText(
      'after',
      `
Examples:
  farebox ledger balance                                      what was received, and what of it is owed
  farebox ledger claims --state released,unknown              who has paid and got nothing yet
  farebox ledger export --format beancount -o books.beancount
  farebox ledger reconcile --from 7d                          does the node agree?
${ledgerJsonHelp}
${ledgerExitCodeHelp}`,
    );
  registerLedgerBalance(ledger);
  registerLedgerLists(ledger);
  registerLedgerClaim(ledger);
  registerLedgerExport(ledger);
  registerLedgerReconcile(ledger);
  registerLedgerByHand(ledger);
  registerLedgerCheck(ledger);
}
