import type { ClaimState, Entry, Ledger } from '@farebox/ledger';
import { formatAmount } from '@farebox/protocol';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { STATE_WORDS } from '../ledger/claim-words.js';
import { confirm } from '../ledger/confirm.js';
import { claimNameHelp, type NamedClaim, readNamedClaim } from '../ledger/named-claim.js';
import { withReader, withWriter } from '../ledger/open.js';
import { printable } from '../ledger/printable.js';
import { findTarget } from '../ledger/source.js';
import { viewClaim, viewEntry } from '../ledger/views.js';
import { createOutput, type Output } from '../output.js';
import { type LedgerOptions, withSourceOptions } from './ledger-options.js';

interface ByHandOptions extends LedgerOptions {
  readonly yes?: boolean;
}

interface ResolveOptions extends ByHandOptions {
  readonly delivered?: boolean;
  readonly released?: boolean;
}

const writerHelp = `
With a ledger in SQLite no gateway may be running on it: stop the gateway, run this, and start it again. With one in
PostgreSQL this works beside running gateways.`;

/** Adds `farebox ledger refund-mark` and `farebox ledger resolve`. */
export function registerLedgerByHand(ledger: Command): void {
  const refund = ledger
    .command('refund-mark')
    .argument('<claim>', 'its number, challenge id or payment reference')
    .description('records that you have paid a buyer back; it moves no money by itself')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON object on stdout; needs --yes');
  withSourceOptions(refund)
    .addHelpText(
      'after',
      `
Pay the buyer back first, with the wallet of your choice. Then this moves the amount in the books to refunds, and the
credential stops working.
${writerHelp}
${claimNameHelp}

Examples:
  farebox ledger refund-mark 12
  farebox ledger refund-mark 12 --yes --json`,
    )
    .action((name: string, options: ByHandOptions) => byHand(name, options, 'refund'));
  const resolve = ledger
    .command('resolve')
    .argument('<claim>', 'its number, challenge id or payment reference')
    .description('says what became of a claim whose outcome nobody knows')
    .option('--delivered', 'the upstream did it: the payment is yours, and nothing is repeated')
    .option('--released', 'the upstream did nothing: the credential works again')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON object on stdout; needs --yes');
  withSourceOptions(resolve)
    .addHelpText(
      'after',
      `
For a claim that is unknown: a route with effect: once was asked, and then the connection or the gateway was lost. Look at
the upstream; it was given the challenge id as its Idempotency-Key. With --delivered the buyer is told 409 answer-lost,
because the answer itself is gone: hand it over by other means, or pay it back and say so with refund-mark.
${writerHelp}
${claimNameHelp}

Examples:
  farebox ledger claims --state unknown
  farebox ledger resolve 12 --released
  farebox ledger resolve 12 --delivered --yes`,
    )
    .action((name: string, options: ResolveOptions) => byHand(name, options, outcomeOf(options)));
}

type Act = 'refund' | 'delivered' | 'released';

function outcomeOf({ delivered, released }: ResolveOptions): Act {
  if (delivered === true && released === true) throw usageError('Say --delivered or --released, not both.');
  if (delivered === true) return 'delivered';
  if (released === true) return 'released';
  throw usageError('Say what the upstream did: --delivered or --released.');
}

async function byHand(name: string, options: ByHandOptions, act: Act): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  if (output.json && options.yes !== true) throw usageError('With --json nobody is asked; add --yes.');
  const target = await findTarget(options);
  // A typing error should not cost a stop of the gateway: the claim is looked up before the writer is opened.
  const before = await withReader(target, (reader) => readNamedClaim(reader, name));
  checkPossible(before, act);
  // Opened before the question: while it is asked, nothing changes under it on SQLite, and who holds the ledger is known.
  const done = await withWriter(target, async (ledger) => {
    if (options.yes !== true && !(await agreed(before, act))) return false;
    await perform(ledger, before, act);
    return true;
  });
  if (!done) {
    output.remark('Nothing was changed.');
    return;
  }
  const after = await withReader(target, (reader) => readNamedClaim(reader, `#${before.claim.seq}`));
  tell(before, after, output);
}

/** What the state rules out is said before anybody is asked. The ledger checks it again. */
function checkPossible({ claim }: NamedClaim, act: Act): void {
  if (act === 'refund') return;
  if (claim.state === 'unknown' || claim.state === 'claimed') return;
  throw cannotBe(claim.seq, claim.state, 'only a claim whose outcome is unknown can be resolved');
}

async function agreed({ claim }: NamedClaim, act: Act): Promise<boolean> {
  const what = `claim ${claim.seq} (${claim.state}, ${formatAmount(claim.paid)}, ${printable(claim.resource)})`;
  const question = {
    refund: `Have you paid ${formatAmount(claim.paid)} back for ${what}?`,
    delivered: `Did the upstream do what ${what} paid for?`,
    released: `Are you certain that the upstream did nothing for ${what}?`,
  }[act];
  const answer = await confirm(question);
  if (answer === undefined) throw usageError('There is no terminal to ask at; add --yes.');
  return answer;
}

async function perform(ledger: Ledger, { claim }: NamedClaim, act: Act): Promise<void> {
  const { LedgerMisuse } = await import('@farebox/ledger');
  try {
    if (act === 'refund') await ledger.refund(claim.seq, Date.now());
    else await ledger.resolve(claim.seq, act, Date.now());
  } catch (cause) {
    if (!(cause instanceof LedgerMisuse) || cause.code !== 'ledger_conflict') throw cause;
    const now = (await ledger.find(claim.challengeId))?.state ?? claim.state;
    throw cannotBe(claim.seq, now, 'a gateway is working on it, or it has changed meanwhile', cause);
  }
}

function cannotBe(seq: number, state: ClaimState, why: string, cause?: unknown): CliError {
  return new CliError(
    'ledger_conflict',
    `Claim ${seq} is ${state} (${STATE_WORDS[state]}): ${why}. See farebox ledger claim ${seq}.`,
    { cause, retry: 'never' },
  );
}

function tell(before: NamedClaim, after: NamedClaim, output: Output): void {
  const moved: readonly Entry[] = after.entries.slice(before.entries.length);
  const { claim } = after;
  if (output.json) {
    output.object({
      ok: true,
      before: before.claim.state,
      ...viewClaim(claim),
      moved: moved.map(viewEntry),
    });
    return;
  }
  const changed = claim.state !== before.claim.state;
  output.text(
    changed
      ? `Claim ${claim.seq} was ${before.claim.state} and is ${claim.state}: ${STATE_WORDS[claim.state]}.`
      : `Claim ${claim.seq} was ${claim.state} already.`,
  );
  for (const { amount, debit, credit } of moved)
    output.text(`  moved ${formatAmount(amount)} from ${debit} to ${credit}`);
  if (moved.length === 0) output.text('  nothing moved between accounts');
}
