import type { Claim, KeptAnswer } from '@farebox/ledger';
import { findMethod } from './challenges.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import type { Held } from './paid-delivery.js';
import { type End, endOf } from './payment-end.js';
import { redeliver } from './redeliver.js';
import type { Passage } from './refusal.js';
import { type Proven, settledLateMsMax } from './verify.js';

/**
 * How a proven payment stands.
 *
 * open       the upstream may be asked; `held` is what the ledger has already
 * kept       its answer is kept, and may be given from there; `held` says how that is counted
 * late       the challenge has expired, the ledger owes nothing for it, and it is not known to have been paid in time
 * paid-late  as `late`, and the money has moved after the end
 * used       it has bought its answer; `credit-expired` and `refunded`: it never will
 * elsewhere  another gateway is working on it at this moment
 * unknown    a `once` upstream was asked and nobody knows the outcome
 * lost       it was delivered, the answer was lost, and this route's upstream is not asked twice
 * exhausted  the upstream was tried so often in vain that it is not tried again
 */
export type Standing =
  | { readonly kind: 'open'; readonly held: Held }
  | { readonly kind: 'kept'; readonly held: Held; readonly kept: KeptAnswer }
  | { readonly kind: 'late' | 'paid-late' | End | 'elsewhere' | 'unknown' | 'lost' | 'exhausted' };

/** A payment under way when its challenge expires is in time; and nodes tell whole seconds, by clocks of their own. */
const arrivalGraceMs = 5_000;
/**
 * What a gateway has sent in a challenge's last second is mined after it, and the gateway may have died before it knew. So this
 * is longer than it would have waited itself.
 */
const sentGraceMs = 30_000;

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
  if (claim === undefined) {
    const arrival = proven.late ? await arrivalOf(gate, passage, proven) : 'in-time';
    return arrival === 'in-time' ? open(gate, passage, proven) : { kind: arrival };
  }
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
      return { kind: 'credit-expired' };
    case 'refunded':
      return { kind: 'refunded' };
  }
}

/**
 * Of a credential that comes late, and that the ledger does not know. Its back end is asked at the cost of a challenge, which
 * a delivery gives back: whoever paid too late, and asks again and again, is held up like whoever never pays.
 */
async function arrivalOf(
  gate: GateContext,
  passage: Passage,
  proven: Proven,
): Promise<'in-time' | 'late' | 'paid-late'> {
  const { challenge, expiresMs, settlement } = proven;
  const nowMs = gate.now();
  const seller = findMethod(gate.methods, challenge);
  if (seller?.settledMs === undefined || nowMs - expiresMs >= settledLateMsMax) return 'late';
  const sends = seller.settlesOnVerify === true;
  if (!sends && !gate.acceptPaidInTime) return 'late';
  if (gate.mintBudget?.take(passage.request.client, nowMs).ok === false) return 'late';
  const settledMs = await seller.settledMs(settlement);
  if (settledMs === undefined) return 'late';
  return settledMs < expiresMs + (sends ? sentGraceMs : arrivalGraceMs) ? 'in-time' : 'paid-late';
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
  if (claim.state === 'claimed' || claim.state === 'unknown') return { kind: 'unknown' };
  const end = endOf(claim);
  return end === undefined || end === 'used' ? ofDelivered(gate, passage, claim) : { kind: end };
}

/** Asked again only where the seller says that the upstream honours the `Idempotency-Key` that it gets. */
async function ofUnknown(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  const { effect, onUnknown } = passage.terms;
  return effect === 'once' && onUnknown === 'ask-again' ? open(gate, passage, proven) : { kind: 'unknown' };
}

async function ofDelivered(gate: GateContext, passage: Passage, claim: Claim): Promise<Standing> {
  const { seq, state, hold, createdMs, keyMatches } = claim;
  const { effect } = passage.terms;
  const kept = claim.answerKept ? await gate.ledger.answer(seq) : undefined;
  // Whoever knows the key may read the kept answer as often as they like: it is the same answer, and asks nobody.
  const mayRead = kept !== undefined && keyMatches && gate.now() - kept.storedMs <= gate.replayWindowMs;
  const reading: Standing | undefined = mayRead
    ? { kind: 'kept', held: { kind: 'replay', seq, createdMs, from: 'reading' }, kept }
    : undefined;
  if (reading !== undefined && (state === 'answered' || hold === 'theirs')) return reading;
  if (hold === 'theirs') return { kind: 'elsewhere' };
  // It has left completely: whoever lost it behind the wire has what is kept, and the upstream is asked no more.
  if (state === 'answered') return { kind: 'used' };
  if (claim.redeliveries >= gate.redeliveriesMax) return reading ?? { kind: 'used' };
  if (claim.attempts >= gate.attemptsMax) return reading ?? { kind: 'exhausted' };
  if (kept === undefined) {
    if (effect === 'once') return { kind: 'lost' };
    // It is decided at the commit, when the upstream has answered.
    if (effect === 'safe') return nothing;
  }
  const again = await redeliver(gate, claim.challengeId, seq);
  if (again !== 'allowed') return reading ?? { kind: again === 'busy' ? 'elsewhere' : 'used' };
  const held = { kind: 'replay', seq, createdMs } as const;
  return kept === undefined
    ? { kind: 'open', held: { ...held, from: 'upstream' } }
    : { kind: 'kept', held: { ...held, from: 'kept' }, kept };
}
