import { idempotencyKeyLengthMaxChars } from '@farebox/ledger';
import {
  type Challenge,
  isPaymentCredential,
  MethodUnavailable,
  type Problem,
  problem,
  type SellerMethod,
} from '@farebox/protocol';
import { bodyDigest } from '@farebox/protocol/binding';
import {
  type Answer,
  answerLost,
  attemptsExhausted,
  inProgress,
  ledgerUnavailable,
  outcomeUnknown,
  problemAnswer,
  recordsUnavailable,
  verificationUnavailable,
} from './answer.js';
import { findMethod } from './challenges.js';
import { claimRequest } from './claim-request.js';
import type { GateContext } from './context.js';
import type { Admission, Decision } from './decision.js';
import type { Delivery } from './delivery.js';
import type { RefusalReason } from './events.js';
import { createDelivery, type Held } from './paid-delivery.js';
import { type End, endOf, endRefusal } from './payment-end.js';
import { type Passage, refusalAnswer, untoldRefusal } from './refusal.js';
import { replay } from './replay.js';
import { type Resource, resourceOpaque } from './resource.js';
import { mustAsk, type Standing, standingOf } from './standing.js';
import type { GateRequest, Terms } from './terms.js';
import { type Bound, type Proven, proveCredential, type Refused, readCredential, tooLate } from './verify.js';

/**
 * Decides about one request (design: the life of a paid request). Without a promise where nobody has to be asked: that
 * is the way of every good credential of a safe route.
 */
export function admit(
  gate: GateContext,
  request: GateRequest,
  terms: Terms,
  yields: false,
): Admission | Promise<Admission>;
/** As above, for a caller who has other means to serve the request. */
export function admit(
  gate: GateContext,
  request: GateRequest,
  terms: Terms,
  yields: boolean,
): Decision | Promise<Decision>;
export function admit(
  gate: GateContext,
  request: GateRequest,
  terms: Terms,
  yields: boolean,
): Decision | Promise<Decision> {
  const credentials = request.credentials.filter(isPaymentCredential);
  if (credentials.length > 1) {
    gate.onEvent({ kind: 'refused', route: terms.route, reason: 'two-credentials' });
    return refused(badRequest('Send one Payment credential, not two.'));
  }
  if (request.idempotencyKey !== undefined && !isIdempotencyKey(request.idempotencyKey)) {
    return refused(badRequest(`An Idempotency-Key has 1 to ${idempotencyKeyLengthMaxChars} characters.`));
  }
  const { method, path, query, subject } = request;
  const resource: Resource = { method, path, query, subject };
  const binding = {
    opaque: resourceOpaque(resource),
    digest: request.body === undefined ? undefined : bodyDigest(request.body),
  };
  const passage: Passage = { request, terms, binding, resource, yields };
  const [credential] = credentials;
  if (credential === undefined) {
    return askForPayment(gate, passage);
  }
  const bound = readCredential(gate, credential, resource, binding, terms);
  if (!bound.ok) return refuse(gate, passage, bound);
  if (bound.seller.settlesOnVerify === true) return admitSettling(gate, passage, bound);
  const checked = proveCredential(gate, bound);
  return checked instanceof Promise
    ? checked.then(
        (verdict) => conclude(gate, passage, verdict),
        (error) => unavailable(gate, passage, methodUnavailable(gate, passage, bound.challenge, error)),
      )
    : conclude(gate, passage, checked);
}

/** Nobody is asked to pay while payments cannot be recorded. */
async function askForPayment(gate: GateContext, passage: Passage): Promise<Admission> {
  const answers = gate.inFlight.health.answers();
  if (answers !== true && !(await answers)) return refused(recordsUnavailable(gate.unavailableStatus));
  return refused(await gate.issuer.issue(passage, passage.request.instead ?? problem('payment-required')));
}

function conclude(
  gate: GateContext,
  passage: Passage,
  verdict: Proven | Refused,
): Decision | Promise<Decision> {
  if (!verdict.ok) return refuse(gate, passage, verdict);
  gate.issuer.spent(verdict.challenge.id);
  return admitProven(gate, passage, verdict);
}

/** A genuine credential of another request, with the `Idempotency-Key` of that request, has mixed up its keys. */
async function refuse(gate: GateContext, passage: Passage, why: Refused): Promise<Decision> {
  const { idempotencyKey } = passage.request;
  if (why.issuedId !== undefined && idempotencyKey !== undefined) {
    // A ledger that does not answer leaves it at the ordinary refusal: nothing is served either way.
    const claim = await gate.ledger.find(why.issuedId, idempotencyKey).catch(() => undefined);
    if (claim?.keyMatches === true) {
      return turnedAway(gate, passage, 'key-reused', problemAnswer(problem('idempotency-key-reused')));
    }
  }
  return refuseAs(gate, passage, why);
}

async function refuseAs(gate: GateContext, passage: Passage, why: Refused): Promise<Decision> {
  const { yields, terms } = passage;
  // Of a `once` route these say that this very request was, or may have been, executed: not to be done by other means.
  const executed = why.reason === 'used' || why.reason === 'refunded';
  if (!yields || (executed && terms.effect === 'once'))
    return refused(await refusalAnswer(gate, passage, why));
  gate.onEvent({ kind: 'refused', route: terms.route, reason: why.reason });
  return {
    kind: 'yielded',
    reason: why.reason,
    refuse: (instead) =>
      instead === undefined ? untoldRefusal(gate, passage, why) : gate.issuer.issue(passage, instead),
  };
}

/**
 * Where judging a credential moves the money, the ledger is asked before: what has bought its answer is not sent to the
 * chain once more, and what another gateway is working on is waited for.
 */
async function admitSettling(gate: GateContext, passage: Passage, bound: Bound): Promise<Decision> {
  const { id } = bound.challenge;
  if (!gate.inFlight.enter(id)) return turnedAway(gate, passage, 'in-progress', inProgress(id));
  let verdict: Proven | Refused;
  try {
    await gate.inFlight.owed.settle(id);
    const claim = await gate.ledger.find(id, passage.request.idempotencyKey);
    const end = claim === undefined ? undefined : endOf(claim);
    if (end !== undefined) {
      gate.inFlight.leave(id);
      return await turnAway(gate, passage, bound, end);
    }
    verdict = await proveCredential(gate, bound);
  } catch (error) {
    gate.inFlight.leave(id);
    return unavailable(
      gate,
      passage,
      error instanceof MethodUnavailable
        ? methodUnavailable(gate, passage, bound.challenge, error)
        : ledgerFailed(gate, passage, bound.challenge, error),
    );
  }
  if (verdict.ok) {
    gate.issuer.spent(id);
    return admitStanding(gate, passage, verdict);
  }
  gate.inFlight.leave(id);
  return refuse(gate, passage, verdict);
}

/** Nothing is known of the payment for now, so nothing is served and nothing is used up. */
function methodUnavailable(
  gate: GateContext,
  passage: Passage,
  { method, id }: Challenge,
  error: unknown,
): Answer {
  gate.onEvent({ kind: 'method-unavailable', route: passage.terms.route, method, error });
  return verificationUnavailable(id, gate.unavailableStatus);
}

/** The payment could not be judged or recorded. It is as good as before, so other means may serve meanwhile. */
function unavailable(gate: GateContext, passage: Passage, answer: Answer): Decision {
  if (!passage.yields) return refused(answer);
  const refuse = (instead?: Problem) =>
    instead === undefined ? Promise.resolve(answer) : gate.issuer.issue(passage, instead);
  return { kind: 'yielded', reason: 'unavailable', refuse };
}

function ledgerFailed(gate: GateContext, passage: Passage, { id }: Challenge, error: unknown): Answer {
  gate.inFlight.health.failed();
  gate.onEvent({ kind: 'ledger-unavailable', route: passage.terms.route, error });
  return ledgerUnavailable(id);
}

function admitProven(gate: GateContext, passage: Passage, proven: Proven): Decision | Promise<Decision> {
  const { id } = proven.challenge;
  if (!gate.inFlight.enter(id)) return turnedAway(gate, passage, 'in-progress', inProgress(id));
  if (mustAsk(gate, passage, proven)) return admitStanding(gate, passage, proven);
  return { kind: 'admitted', delivery: deliveryOf(gate, passage, proven, nothingHeld) };
}

async function admitStanding(gate: GateContext, passage: Passage, proven: Proven): Promise<Decision> {
  const { id } = proven.challenge;
  try {
    const standing = await standingOf(gate, passage, proven);
    if (standing.kind === 'open') {
      return { kind: 'admitted', delivery: deliveryOf(gate, passage, proven, standing.held) };
    }
    if (standing.kind === 'kept') {
      return await replay(
        standing.kept,
        deliveryOf(gate, passage, proven, standing.held),
        passage.request.method,
      );
    }
    gate.inFlight.leave(id);
    return await turnAway(gate, passage, proven, standing.kind);
  } catch (error) {
    const isMethods = error instanceof MethodUnavailable;
    // Presented in time, and refused because the ledger did not answer: that must not run out with the challenge.
    if (!proven.late && !isMethods) oweCredit(gate, passage, proven);
    gate.inFlight.leave(id);
    const failed = isMethods ? methodUnavailable : ledgerFailed;
    return unavailable(gate, passage, failed(gate, passage, proven.challenge, error));
  }
}

/** Whatever is owed already knows better: it is about a claim that was made. */
function oweCredit(gate: GateContext, passage: Passage, proven: Proven): void {
  const { id } = proven.challenge;
  const { owed } = gate.inFlight;
  if (owed.has(id)) return;
  owed.owe(id, async () => {
    if ((await gate.ledger.find(id)) === undefined)
      await gate.ledger.release(claimRequest(passage, proven, gate.now()));
  });
}

function turnAway(
  gate: GateContext,
  passage: Passage,
  proven: Pick<Proven, 'challenge'>,
  standing: Exclude<Standing['kind'], 'open' | 'kept'>,
): Decision | Promise<Decision> {
  const { id } = proven.challenge;
  switch (standing) {
    case 'late':
    case 'paid-late':
      return refuseAs(gate, passage, tooLate(standing, sellerOf(gate, proven)));
    case 'used':
    case 'credit-expired':
    case 'refunded':
      return refuseAs(gate, passage, endRefusal(standing, sellerOf(gate, proven)));
    case 'elsewhere':
      return turnedAway(gate, passage, 'in-progress', inProgress(id));
    case 'unknown':
      return turnedAway(gate, passage, 'outcome-unknown', outcomeUnknown(id));
    case 'lost':
      return turnedAway(gate, passage, 'answer-lost', answerLost(id));
    case 'exhausted':
      return turnedAway(gate, passage, 'exhausted', attemptsExhausted(id));
  }
}

function deliveryOf(gate: GateContext, passage: Passage, proven: Proven, held: Held): Delivery {
  const endAnswer = (end: End) => refusalAnswer(gate, passage, endRefusal(end, sellerOf(gate, proven)));
  return createDelivery({ gate, passage, proven, held, endAnswer });
}

function sellerOf(gate: GateContext, proven: Pick<Proven, 'challenge'>): SellerMethod | undefined {
  return findMethod(gate.methods, proven.challenge);
}

const nothingHeld: Held = { kind: 'nothing' };

/** True for a key of a length that the ledger takes. */
function isIdempotencyKey(key: string): boolean {
  return key.length > 0 && key.length <= idempotencyKeyLengthMaxChars;
}

function badRequest(detail: string): Answer {
  return problemAnswer(problem('bad-request', { detail }));
}

function turnedAway(gate: GateContext, passage: Passage, reason: RefusalReason, answer: Answer): Admission {
  gate.onEvent({ kind: 'refused', route: passage.terms.route, reason });
  return refused(answer);
}

function refused(answer: Answer): Admission {
  return { kind: 'refused', answer };
}
