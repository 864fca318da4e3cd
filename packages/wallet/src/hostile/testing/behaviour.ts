import { expect } from 'vitest';
import type { WalletErrorCode } from '../../errors.js';
import type { ReceiptCheck } from '../../receipt-check.js';
import type { JournalState } from '../../states.js';
import { type Act, type End, Stage } from './stage.js';

/** How a call must end. */
export type Ending =
  /** Nothing paid, nothing written, nothing presented. Several codes where only the HTTP library decides. */
  | { readonly kind: 'nothing'; readonly codes: readonly WalletErrorCode[] }
  /** An answer that was never paid for. */
  | { readonly kind: 'free'; readonly status: number }
  /** Paid once, delivered. */
  | { readonly kind: 'delivered'; readonly receipt: ReceiptCheck['status'] }
  /** Paid once and not delivered, and said so. The same credential gets the goods when the seller turns honest. */
  | { readonly kind: 'lost'; readonly codes: readonly WalletErrorCode[]; readonly state: JournalState };

/** One thing that a seller may do, and what must hold. */
export interface Behaviour extends Act {
  readonly name: string;
  readonly ends: Ending;
  /** What must hold besides. */
  readonly check?: (stage: Stage, end: End) => unknown;
}

/** The endings, as the tables write them. */
export const nothing = (...codes: WalletErrorCode[]): Ending => ({ kind: 'nothing', codes });
export const free = (status: number): Ending => ({ kind: 'free', status });
export const delivered = (receipt: ReceiptCheck['status'] = 'valid'): Ending => ({
  kind: 'delivered',
  receipt,
});
export const refused: Ending = { kind: 'lost', codes: ['seller_refused'], state: 'refused' };
export const failed: Ending = { kind: 'lost', codes: ['seller_failed'], state: 'failed' };
export const unknown: Ending = { kind: 'lost', codes: ['answer_unknown'], state: 'answer-unknown' };

/** What the wallet allows here: more leaving the node would be a fault, whatever the seller does. */
const allowedMsat = 110_000n;

/** Plays one behaviour and checks everything that must hold of all of them, and what must hold of this one. */
export async function play(behaviour: Behaviour): Promise<void> {
  const stage = await Stage.open(behaviour);
  try {
    const before = await stage.spentMsat();
    const shownBefore = stage.presented.length;
    const end = await stage.call();
    checkEnd(behaviour.ends, end);
    const payments = behaviour.ends.kind === 'nothing' || behaviour.ends.kind === 'free' ? 0 : 1;
    await checkMoney(stage, payments, before);
    // What was given up in time may still be on its way to the seller.
    const presentedNow = () => stage.presented.length - shownBefore;
    await expect.poll(presentedNow, { timeout: 50_000 }).toBe(payments);
    checkJournal(stage, behaviour);
    checkSecrets(stage, end);
    await behaviour.check?.(stage, end);
    await checkResume(stage, behaviour, end);
    // Nobody but the seller was asked, and never for money twice.
    expect(stage.witness.seen).toEqual([]);
    await checkMoney(stage, payments, before);
  } finally {
    await stage.close();
  }
}

/** The outcome and the exit code are true. */
function checkEnd(ends: Ending, { answer, failure, receipt }: End): void {
  if (ends.kind === 'free') {
    expect([failure, answer?.status, receipt]).toEqual([undefined, ends.status, undefined]);
    return;
  }
  if (ends.kind === 'delivered') {
    expect([failure, receipt]).toEqual([undefined, ends.receipt]);
    return;
  }
  if (failure === undefined) throw new Error(`It ended well: ${JSON.stringify(answer)}`);
  expect(ends.codes).toContain(failure.code);
  if (ends.kind === 'nothing') {
    expect(failure).toMatchObject({ outcome: 'not-sent', spent: 'no' });
    expect(['failed', 'usage', 'network', 'payment', 'policy']).toContain(failure.exitClass);
  } else {
    expect(failure).toMatchObject({ spent: 'yes' });
    expect(['unknown', 'credit']).toContain(failure.exitClass);
    expect(['resume', 'same-credential']).toContain(failure.retry);
  }
}

/** Never above policy, never twice: by what has left the node, and by how often it was told to pay. */
async function checkMoney(stage: Stage, payments: number, beforeMsat: bigint): Promise<void> {
  const spent = (await stage.spentMsat()) - beforeMsat;
  expect(spent <= allowedMsat).toBe(true);
  expect(spent > 0n).toBe(payments > 0);
  const hashes = stage.purse.node.paid.map(({ invoice }) => invoice);
  expect(new Set(hashes).size).toBe(hashes.length);
}

function checkJournal({ purse }: Stage, { ends, before }: Behaviour): void {
  const states = purse.journal.list().map(({ state }) => state);
  if (before !== undefined) return;
  if (ends.kind === 'lost') expect(states).toEqual([ends.state]);
  else if (ends.kind === 'delivered') expect(states).toEqual(['delivered']);
  // A payment that certainly failed is remembered, so that it is not tried blindly again.
  else expect(states.filter((state) => state !== 'not-paid')).toEqual([]);
}

/** What opens the resource stands in no error. */
function checkSecrets(stage: Stage, { failure }: End): void {
  if (failure === undefined) return;
  const told = [failure.message, failure.stack, String(failure.cause), JSON.stringify(failure.problem ?? {})];
  const secrets = stage.presented.flatMap((one) => /"preimage":"([0-9a-f]{64})"/.exec(one)?.[1] ?? []);
  for (const secret of secrets) expect(told.join('\n')).not.toContain(secret);
  expect(told.join('\n')).not.toMatch(/Payment ey/);
}

/** Paid means delivered, as soon as the seller turns honest: with the very same credential. */
async function checkResume(stage: Stage, { ends }: Behaviour, { failure }: End): Promise<void> {
  if (ends.kind !== 'lost') return;
  const first = stage.presented.at(-1);
  stage.mend();
  const resumed = await stage.resume(failure?.paymentId ?? '');
  expect(resumed).toEqual({ answer: { status: 200, text: '{"rate":1}' }, receipt: 'valid' });
  expect(stage.presented.at(-1)).toBe(first);
  expect(stage.purse.journal.list().map(({ state }) => state)).toContain('delivered');
}
