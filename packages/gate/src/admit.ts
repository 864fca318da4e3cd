import type { Claim, ClaimRequest } from '@farebox/ledger';
import { isPaymentCredential, problem } from '@farebox/protocol';
import { bodyDigest } from '@farebox/protocol/binding';
import { type Answer, problemAnswer } from './answer.js';
import { findMethod } from './challenges.js';
import type { GateContext } from './context.js';
import { createDelivery, type Delivery, inProgress, ledgerUnavailable, outcomeUnknown } from './delivery.js';
import { type Passage, refusalAnswer } from './refusal.js';
import { type Resource, resourceLine, resourceOpaque } from './resource.js';
import type { GateRequest, Terms } from './terms.js';
import { expired, type Proven, type Refused, used, verifyCredential } from './verify.js';

/** What the gate decided about a request. */
export type Admission =
  | { readonly kind: 'refused'; readonly answer: Answer }
  | { readonly kind: 'admitted'; readonly delivery: Delivery };

/** Decides about one request (design: the life of a paid request). */
export async function admit(gate: GateContext, request: GateRequest, terms: Terms): Promise<Admission> {
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
  const passage: Passage = { request, terms, binding };
  const [credential] = credentials;
  if (credential === undefined) {
    return refused(
      await gate.issuer.issue(terms, binding, request.acceptPayment, problem('payment-required')),
    );
  }
  const checked = verifyCredential(gate, credential, resource, binding, terms);
  const verdict = checked instanceof Promise ? await checked : checked;
  if (!verdict.ok) return refused(await refusalAnswer(gate, passage, verdict));
  return admitProven(gate, passage, verdict, resourceLine(resource));
}

async function admitProven(
  gate: GateContext,
  passage: Passage,
  proven: Proven,
  resource: string,
): Promise<Admission> {
  const { id } = proven.challenge;
  const seller = findMethod(gate.methods, proven.challenge);
  const refuseAs = async (why: Refused) => refused(await refusalAnswer(gate, passage, why));

  if (gate.inFlight.wasAnswered(id)) return refuseAs(used(seller));
  if (!gate.inFlight.enter(id)) return conflict(gate, passage, 'in-progress', inProgress(id));
  try {
    const standing = await standingOf(gate, passage, proven, resource);
    if (standing.kind === 'open') {
      const { claim, held } = standing;
      const usedAnswer = () => refusalAnswer(gate, passage, used(seller));
      return {
        kind: 'admitted',
        delivery: createDelivery({ gate, claim, held, proven, terms: passage.terms, usedAnswer }),
      };
    }
    gate.inFlight.leave(id);
    if (standing.kind === 'unknown') return conflict(gate, passage, 'outcome-unknown', outcomeUnknown(id));
    return refuseAs(standing.kind === 'late' ? expired(seller) : used(seller));
  } catch (error) {
    gate.inFlight.leave(id);
    gate.onEvent({ kind: 'ledger-unavailable', route: passage.terms.route, error });
    return refused(ledgerUnavailable(id));
  }
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
  | { readonly kind: 'open'; readonly claim: ClaimRequest; readonly held: number | undefined }
  | { readonly kind: 'late' | 'used' | 'unknown' };

/**
 * What the ledger must be asked before the upstream is. A safe route asks nothing: its one durable commit comes at
 * delivery and decides there. An idempotent route must not repeat a side effect for a used credential, and a late
 * credential is good only for what is still owed. A `once` route claims durably first.
 */
async function standingOf(
  gate: GateContext,
  passage: Passage,
  proven: Proven,
  resource: string,
): Promise<Standing> {
  const { challenge, settlement } = proven;
  const { terms } = passage;
  const claim: ClaimRequest = {
    challengeId: challenge.id,
    reference: settlement.reference,
    method: challenge.method,
    intent: challenge.intent,
    paid: settlement.paid,
    route: terms.route,
    resource,
    expiresMs: proven.expiresMs,
    nowMs: gate.now(),
  };
  if (proven.late || terms.effect === 'idempotent') {
    const known = await gate.ledger.find(challenge.id);
    if (known === undefined && proven.late) return { kind: 'late' };
    if (known !== undefined && isUsed(known)) return { kind: 'used' };
  }
  if (terms.effect !== 'once') return { kind: 'open', claim, held: undefined };
  const held = await gate.ledger.claim(claim);
  if (held.ok) return { kind: 'open', claim, held: held.seq };
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
