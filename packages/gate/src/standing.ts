import type { Claim, KeptAnswer } from '@farebox/ledger';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import type { Held } from './paid-delivery.js';
import type { Passage } from './refusal.js';
import type { Proven } from './verify.js';

/**
 * How a proven payment stands.
 *
 * open       the upstream may be asked; `held` is what the ledger has already
 * kept       its answer is kept, and may be given from there; `held` says how that is counted
 * late       the challenge has expired and the ledger owes nothing for it
 * used       it has bought its answer, or was given up
 * elsewhere  another gateway is working on it at this moment
 * unknown    a `once` upstream was asked and nobody knows the outcome
 * lost       it was delivered, the answer was lost, and this route's upstream is not asked twice
 * exhausted  the upstream was tried so often in vain that it is not tried again
 */
export type Standing =
  | { readonly kind: 'open'; readonly held: Held }
  | { readonly kind: 'kept'; readonly held: Held; readonly kept: KeptAnswer }
  | { readonly kind: 'late' | 'used' | 'elsewhere' | 'unknown' | 'lost' | 'exhausted' };

const nothing: Standing = { kind: 'open', held: { kind: 'nothing' } };

/**
 * What the ledger must be asked before the upstream is. Nothing for a safe route and a credential that this process sees
 * for the first time: there the one durable commit comes at delivery and decides. Otherwise: an idempotent route must not
 * repeat a side effect for a used credential, a late credential is good only for what is still owed, a client that sends
 * an `Idempotency-Key` may be asking again, and a `once` route claims durably first.
 */
export async function standingOf(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  const { id } = proven.challenge;
  await gate.inFlight.owed.settle(id);
  const claim = await gate.ledger.find(id, passage.request.idempotencyKey);
  if (claim === undefined) return proven.late ? { kind: 'late' } : open(gate, passage, proven);
  switch (claim.state) {
    case 'released':
      return claim.attempts >= gate.attemptsMax ? { kind: 'exhausted' } : open(gate, passage, proven);
    case 'claimed':
      return claim.hold === 'theirs' ? { kind: 'elsewhere' } : ofUnknown(gate, passage, proven);
    case 'unknown':
      return ofUnknown(gate, passage, proven);
    case 'delivered':
    case 'cut':
    case 'answered':
      return ofDelivered(gate, passage, claim);
    case 'expired':
    case 'refunded':
      return { kind: 'used' };
  }
}

/** What a claim has come to for certain, whatever its credential may still prove; undefined while it may be served. */
export function endOf({ state, hold, keyMatches }: Claim): 'used' | 'elsewhere' | undefined {
  if (state === 'expired' || state === 'refunded') return 'used';
  if (state === 'answered' && !keyMatches) return 'used';
  return hold === 'theirs' ? 'elsewhere' : undefined;
}

/** True when {@link standingOf} must be asked. */
export function mustAsk(gate: GateContext, passage: Passage, proven: Proven): boolean {
  return (
    passage.terms.effect !== 'safe' ||
    proven.late ||
    passage.request.idempotencyKey !== undefined ||
    // Whether the credential is used decides who serves: it must be known before the upstream is asked.
    passage.yields ||
    gate.inFlight.isKnown(proven.challenge.id)
  );
}

async function open(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  if (passage.terms.effect !== 'once') return nothing;
  const askAgain = passage.terms.onUnknown === 'ask-again';
  const result = await gate.claimer(claimRequest(passage, proven, gate.now()), askAgain);
  if (result.ok) return { kind: 'open', held: { kind: 'claim', seq: result.seq } };
  const { by, claim } = result;
  // Another gateway came between the look and the claim.
  if (by === 'reference') return { kind: 'used' };
  if (claim.hold === 'theirs') return { kind: 'elsewhere' };
  return claim.state === 'claimed' || claim.state === 'unknown'
    ? { kind: 'unknown' }
    : ofDelivered(gate, passage, claim);
}

/** Asked again only where the seller says that the upstream honours the `Idempotency-Key` that it gets. */
async function ofUnknown(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  const { effect, onUnknown } = passage.terms;
  return effect === 'once' && onUnknown === 'ask-again' ? open(gate, passage, proven) : { kind: 'unknown' };
}

async function ofDelivered(gate: GateContext, passage: Passage, claim: Claim): Promise<Standing> {
  const { seq, state, hold, createdMs, keyMatches } = claim;
  const { effect } = passage.terms;
  if (state === 'released' || state === 'expired' || state === 'refunded') return { kind: 'used' };
  const kept = claim.answerKept ? await gate.ledger.answer(seq) : undefined;
  // Whoever knows the key may read the kept answer as often as they like: it is the same answer, and asks nobody.
  const mayRead = kept !== undefined && keyMatches && gate.now() - kept.storedMs <= gate.replayWindowMs;
  const reading: Standing | undefined = mayRead
    ? { kind: 'kept', held: { kind: 'replay', seq, createdMs, reading: true }, kept }
    : undefined;
  if (reading !== undefined && (state === 'answered' || hold === 'theirs')) return reading;
  if (hold === 'theirs') return { kind: 'elsewhere' };
  if (state === 'answered' && (!keyMatches || effect === 'once')) return { kind: 'used' };
  if (claim.redeliveries >= gate.redeliveriesMax) return reading ?? { kind: 'used' };
  if (claim.attempts >= gate.attemptsMax) return reading ?? { kind: 'exhausted' };
  if (kept === undefined) {
    if (effect === 'once') return { kind: 'lost' };
    // It is decided at the commit, when the upstream has answered.
    if (effect === 'safe' && state !== 'answered') return nothing;
  }
  const { idempotencyKey } = passage.request;
  const again = await gate.ledger.redeliver(seq, gate.redeliveriesMax, gate.now(), idempotencyKey);
  if (again !== 'allowed') return reading ?? { kind: again === 'busy' ? 'elsewhere' : 'used' };
  const held = { kind: 'replay', seq, createdMs, reading: false } as const;
  return kept === undefined ? { kind: 'open', held } : { kind: 'kept', held, kept };
}
