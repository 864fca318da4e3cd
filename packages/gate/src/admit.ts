import { type Claim, idempotencyKeyLengthMaxChars } from '@farebox/ledger';
import { isPaymentCredential, problem, type SellerMethod } from '@farebox/protocol';
import { bodyDigest } from '@farebox/protocol/binding';
import { type Answer, inProgress, ledgerUnavailable, outcomeUnknown, problemAnswer } from './answer.js';
import { findMethod } from './challenges.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import { createDelivery, type Delivery, type Held } from './delivery.js';
import { type Passage, refusalAnswer } from './refusal.js';
import { type Resource, resourceOpaque } from './resource.js';
import type { GateRequest, Terms } from './terms.js';
import { expired, type Proven, type Refused, used, verifyCredential } from './verify.js';

/** What the gate decided about a request. */
export type Admission =
  | { readonly kind: 'refused'; readonly answer: Answer }
  | { readonly kind: 'admitted'; readonly delivery: Delivery };

/**
 * Decides about one request (design: the life of a paid request). Without a promise where nobody has to be asked: that
 * is the way of every good credential of a safe route.
 */
export function admit(gate: GateContext, request: GateRequest, terms: Terms): Admission | Promise<Admission> {
  const credentials = request.credentials.filter(isPaymentCredential);
  if (credentials.length > 1) {
    gate.onEvent({ kind: 'refused', route: terms.route, reason: 'two-credentials' });
    return refused(badRequest('Send one Payment credential, not two.'));
  }
  if (request.idempotencyKey !== undefined && !isIdempotencyKey(request.idempotencyKey)) {
    return refused(badRequest(`An Idempotency-Key has 1 to ${idempotencyKeyLengthMaxChars} characters.`));
  }
  const resource: Resource = { method: request.method, path: request.path, query: request.query };
  const binding = {
    opaque: resourceOpaque(resource),
    digest: request.body === undefined ? undefined : bodyDigest(request.body),
  };
  const passage: Passage = { request, terms, binding, resource };
  const [credential] = credentials;
  if (credential === undefined) {
    return gate.issuer
      .issue(terms, binding, request.acceptPayment, problem('payment-required'))
      .then(refused);
  }
  const checked = verifyCredential(gate, credential, resource, binding, terms);
  return checked instanceof Promise
    ? checked.then((verdict) => conclude(gate, passage, verdict))
    : conclude(gate, passage, checked);
}

function conclude(
  gate: GateContext,
  passage: Passage,
  verdict: Proven | Refused,
): Admission | Promise<Admission> {
  return verdict.ok ? admitProven(gate, passage, verdict) : refuseAs(gate, passage, verdict);
}

function refuseAs(gate: GateContext, passage: Passage, why: Refused): Promise<Admission> {
  return refusalAnswer(gate, passage, why).then(refused);
}

function admitProven(gate: GateContext, passage: Passage, proven: Proven): Admission | Promise<Admission> {
  const { id } = proven.challenge;
  const { effect } = passage.terms;
  const answered = gate.inFlight.wasAnswered(id);
  // Who brings the key may be the client that lost the answer: the ledger is asked before the upstream is.
  if (answered && passage.request.idempotencyKey === undefined) {
    return refuseAs(gate, passage, used(sellerOf(gate, proven)));
  }
  if (!gate.inFlight.enter(id)) return conflict(gate, passage, 'in-progress', inProgress(id));
  // A safe route asks the ledger nothing beforehand: its one durable commit comes at delivery and decides there.
  if (effect === 'safe' && !proven.late && !answered) return admitted(gate, passage, proven, nothingHeld);
  return admitStanding(gate, passage, proven);
}

async function admitStanding(gate: GateContext, passage: Passage, proven: Proven): Promise<Admission> {
  const { id } = proven.challenge;
  try {
    const standing = await standingOf(gate, passage, proven);
    if (standing.kind === 'open') return admitted(gate, passage, proven, standing.held);
    gate.inFlight.leave(id);
    if (standing.kind === 'unknown') return conflict(gate, passage, 'outcome-unknown', outcomeUnknown(id));
    const seller = sellerOf(gate, proven);
    return refuseAs(gate, passage, standing.kind === 'late' ? expired(seller) : used(seller));
  } catch (error) {
    gate.inFlight.leave(id);
    gate.onEvent({ kind: 'ledger-unavailable', route: passage.terms.route, error });
    return refused(ledgerUnavailable(id));
  }
}

function admitted(gate: GateContext, passage: Passage, proven: Proven, held: Held): Admission {
  const usedAnswer = () => refusalAnswer(gate, passage, used(sellerOf(gate, proven)));
  return { kind: 'admitted', delivery: createDelivery({ gate, passage, proven, held, usedAnswer }) };
}

function sellerOf(gate: GateContext, proven: Proven): SellerMethod | undefined {
  return findMethod(gate.methods, proven.challenge);
}

const nothingHeld: Held = { kind: 'nothing' };

/**
 * How a proven payment stands.
 *
 * open     the upstream may be asked; `held` is what the ledger has already
 * late     the challenge has expired and the ledger owes nothing for it
 * used     it has bought its answer
 * unknown  a `once` upstream was asked and nobody knows the outcome
 */
type Standing =
  | { readonly kind: 'open'; readonly held: Held }
  | { readonly kind: 'late' | 'used' | 'unknown' };

/**
 * What the ledger must be asked before the upstream is. An idempotent route must not repeat a side effect for a used
 * credential, a late credential is good only for what is still owed, and an answer that has left is given again only to
 * the client that knows its `Idempotency-Key`. A `once` route claims durably first.
 */
async function standingOf(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  const { id } = proven.challenge;
  const { effect } = passage.terms;
  if (proven.late || effect === 'idempotent' || gate.inFlight.wasAnswered(id)) {
    const known = await gate.ledger.find(id);
    if (known === undefined && proven.late) return { kind: 'late' };
    if (known !== undefined && isUsed(known)) return standingOfUsed(gate, passage, known);
  }
  if (effect !== 'once') return { kind: 'open', held: nothingHeld };
  const held = await gate.claimer.claim(claimRequest(passage, proven, gate.now()));
  if (held.ok) return { kind: 'open', held: { kind: 'claim', seq: held.seq } };
  return { kind: held.by === 'reference' || isUsed(held.claim) ? 'used' : 'unknown' };
}

/** A used credential of a route that may be repeated is good once more for the client that knows the key, within bounds. */
async function standingOfUsed(gate: GateContext, passage: Passage, claim: Claim): Promise<Standing> {
  const { idempotencyKey } = passage.request;
  if (idempotencyKey === undefined || passage.terms.effect === 'once' || claim.state !== 'delivered') {
    return { kind: 'used' };
  }
  const { seq, createdMs } = claim;
  const again = await gate.ledger.redeliver(seq, gate.redeliveriesMax, gate.now(), idempotencyKey);
  return again ? { kind: 'open', held: { kind: 'replay', seq, createdMs } } : { kind: 'used' };
}

function isUsed(claim: Claim): boolean {
  return claim.state === 'expired' || (claim.state === 'delivered' && claim.answered);
}

/** True for a key of a length that the ledger takes. */
function isIdempotencyKey(key: string): boolean {
  return key.length > 0 && key.length <= idempotencyKeyLengthMaxChars;
}

function badRequest(detail: string): Answer {
  return problemAnswer(problem('bad-request', { detail }));
}

function conflict(
  gate: GateContext,
  passage: Passage,
  reason: 'in-progress' | 'outcome-unknown',
  answer: Answer,
): Admission {
  gate.onEvent({ kind: 'refused', route: passage.terms.route, reason });
  return refused(answer);
}

function refused(answer: Answer): Admission {
  return { kind: 'refused', answer };
}
