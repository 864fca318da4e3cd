import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import { nextSteps, rateWords, STATE_WORDS } from '../ledger/claim-words.js';
import { showTime } from '../ledger/moments.js';
import { claimNameHelp, type NamedClaim, readNamedClaim } from '../ledger/named-claim.js';
import { withReader } from '../ledger/open.js';
import { printable } from '../ledger/printable.js';
import { findTarget } from '../ledger/source.js';
import { viewClaim, viewEntry } from '../ledger/views.js';
import { createOutput, type Output, table } from '../output.js';
import { type LedgerOptions, withSourceOptions } from './ledger-options.js';

/** Adds `farebox ledger claim`. */
export function registerLedgerClaim(ledger: Command): void {
  const command = ledger
    .command('claim')
    .argument('<claim>', 'its number, challenge id or payment reference')
    .description('one claim: what was paid, where it stands, its entries, and what can be done about it')
    .option('--json', 'one JSON object on stdout');
  withSourceOptions(command)
    .addHelpText(
      'after',
      `${claimNameHelp}

Examples:
  farebox ledger claim 12
  farebox ledger claim 7f3a…                the payment hash that a buyer tells you
  farebox ledger claim 12 --json | jq .next`,
    )
    .action(run);
}

async function run(name: string, options: LedgerOptions): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const target = await findTarget(options);
  tellClaim(await withReader(target, (reader) => readNamedClaim(reader, name)), output);
}

function tellClaim({ claim, entries }: NamedClaim, output: Output): void {
  const words = STATE_WORDS[claim.state];
  const next = nextSteps(claim);
  if (output.json) {
    output.object({ ok: true, ...viewClaim(claim), words, entries: entries.map(viewEntry), next });
    return;
  }
  const { bold, dim } = output.color;
  const rows = table(
    [
      ['state', `${bold(claim.state)}: ${words}`],
      ['paid', `${formatAmount(claim.paid)} by ${claim.method}/${claim.intent}`],
      ['price', claim.rate && rateWords(claim.rate)],
      ['for', printable(claim.resource)],
      ['route', printable(claim.route)],
      ['reference', claim.reference],
      ['challenge', claim.challengeId],
      ['presented', showTime(claim.createdMs)],
      ['last change', showTime(claim.updatedMs)],
      ['challenge expires', showTime(claim.expiresMs)],
      ['tried in vain', times(claim.attempts)],
      ['given again', times(claim.redeliveries)],
      ['answer kept', claim.answerKept ? 'yes' : undefined],
    ],
    output.color,
  );
  const lines = entries.map(
    ({ atMs, debit, credit, amount }) => `  ${showTime(atMs)}  ${formatAmount(amount)}  ${debit} → ${credit}`,
  );
  output.text(`Claim ${claim.seq} ${dim('(times are UTC)')}\n${rows}\n\nEntries\n${lines.join('\n')}`);
  if (next.length > 0) output.text(`\nWhat can be done\n  ${next.join('\n  ')}`);
}

function times(count: number): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? 'time' : 'times'}`;
}
