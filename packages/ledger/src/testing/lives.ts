import type { Ledger, StoredAnswer } from '../ledger.js';
import type { ClaimState } from '../transitions.js';
import { requestOf } from './requests.js';

/** The answer that lives keep. */
export const keptAnswer: StoredAnswer = { status: 200, headers: ['x', 'y'], body: Buffer.from('kept') };

const verbs = {
  claim: 'claimed',
  deliver: 'delivered',
  'deliver with its answer': 'delivered',
  settle: 'delivered',
  release: 'released',
  unknown: 'unknown',
  'resolve as released': 'released',
  'resolve as delivered': 'cut',
  abandon: 'released',
  cut: 'cut',
  redeliver: 'delivered',
  answered: 'answered',
  refund: 'refunded',
} as const satisfies Record<string, ClaimState>;
type LifeVerb = keyof typeof verbs;

const lives: readonly (readonly LifeVerb[])[] = [
  ['claim', 'settle', 'answered'],
  ['claim', 'unknown', 'resolve as released', 'deliver', 'answered'],
  ['release', 'deliver with its answer', 'cut', 'redeliver', 'answered'],
  ['claim', 'release', 'refund'],
  ['deliver', 'cut', 'refund'],
  ['claim', 'unknown', 'resolve as delivered', 'redeliver', 'answered'],
  ['claim', 'abandon', 'claim', 'settle', 'cut'],
];

/** The steps of the n-th life of a claim. */
export function lifeOf(n: number): readonly LifeVerb[] {
  return lives[n % lives.length] ?? [];
}

/** Where a claim stands after so many steps of its life. */
export function stateAfter(n: number, steps: number): ClaimState | undefined {
  const verb = lifeOf(n)[steps - 1];
  return verb && verbs[verb];
}

/** Leads the claim `n` through its life; `said` is told each step that the ledger has acknowledged, from 1. */
export async function live(ledger: Ledger, n: number, said: (step: number) => void): Promise<void> {
  let step = 0;
  for (const verb of lifeOf(n)) {
    await take(ledger, n, verb);
    said(++step);
  }
}

async function take(ledger: Ledger, n: number, verb: LifeVerb): Promise<void> {
  const request = requestOf(n);
  const { challengeId, nowMs } = request;
  const entered = ({ ok }: { readonly ok: boolean }): void => {
    if (!ok) throw new Error(`${n} was refused`);
  };
  if (verb === 'claim' || verb === 'deliver' || verb === 'release') {
    entered(await ledger[verb](request));
    return;
  }
  if (verb === 'deliver with its answer') {
    entered(await ledger.deliver(request, keptAnswer));
    return;
  }
  const seq = (await ledger.find(challengeId))?.seq ?? 0;
  if (verb === 'abandon') await ledger.abandon(challengeId, nowMs);
  else if (verb === 'settle') await ledger.settle(seq, nowMs, keptAnswer);
  else if (verb === 'resolve as released') await ledger.resolve(seq, 'released', nowMs);
  else if (verb === 'resolve as delivered') await ledger.resolve(seq, 'delivered', nowMs);
  else if (verb === 'redeliver') entered({ ok: (await ledger.redeliver(seq, 3, nowMs)) === 'allowed' });
  else await ledger[verb](seq, nowMs);
}
