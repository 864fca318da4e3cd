import type { Claim } from '@farebox/ledger';
import { isPaymentCredential, problem, type SellerMethod } from '@farebox/protocol';
import { bodyDigest } from '@farebox/protocol/binding';
import { type Answer, inProgress, ledgerUnavailable, outcomeUnknown, problemAnswer } from './answer.js';
import { findMethod } from './challenges.js';
import { claimInTime } from './claim-deadline.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import { createDelivery, type Delivery } from './delivery.js';
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
    return refused(
      problemAnswer(problem('bad-request', { detail: 'Send one Payment credential, not two.' })),
    );
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
  if (gate.inFlight.wasAnswered(id)) return refuseAs(gate, passage, used(sellerOf(gate, proven)));
  if (!gate.inFlight.enter(id)) return conflict(gate, passage, 'in-progress', inProgress(id));
  // A safe route asks the ledger nothing beforehand: its one durable commit comes at delivery and decides there.
  if (effect === 'safe' && !proven.late) return admitted(gate, passage, proven, undefined);
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

function admitted(gate: GateContext, passage: Passage, proven: Proven, held: number | undefined): Admission {
  const usedAnswer = () => refusalAnswer(gate, passage, used(sellerOf(gate, proven)));
  return { kind: 'admitted', delivery: createDelivery({ gate, passage, proven, held, usedAnswer }) };
}

function sellerOf(gate: GateContext, proven: Proven): SellerMethod | undefined {
  return findMethod(gate.methods, proven.challenge);
}

/**
 * How a proven payment stands.
 *
 * open     the upstream may be asked; `held` is its durable claim on `once` routes
 * late     the challenge has expired and the ledger owes nothing for it
 * used     it has bought its answer
 * unknown  a `once` upstream was asked and nobody knows the outcome
 */
type Standing =
  | { readonly kind: 'open'; readonly held: number | undefined }
  | { readonly kind: 'late' | 'used' | 'unknown' };

/**
 * What the ledger must be asked before the upstream is. An idempotent route must not repeat a side effect for a used
 * credential, and a late credential is good only for what is still owed. A `once` route claims durably first.
 */
async function standingOf(gate: GateContext, passage: Passage, proven: Proven): Promise<Standing> {
  const { effect } = passage.terms;
  if (proven.late || effect === 'idempotent') {
    const known = await gate.ledger.find(proven.challenge.id);
    if (known === undefined && proven.late) return { kind: 'late' };
    if (known !== undefined && isUsed(known)) return { kind: 'used' };
  }
  if (effect !== 'once') return { kind: 'open', held: undefined };
  const held = await claimInTime(gate.ledger, claimRequest(passage, proven, gate.now()), gate.claimTimeoutMs);
  if (held.ok) return { kind: 'open', held: held.seq };
  return { kind: held.by === 'reference' || isUsed(held.claim) ? 'used' : 'unknown' };
}

function isUsed(claim: Claim): boolean {
  return claim.state === 'expired' || (claim.state === 'delivered' && claim.answered);
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
