import {
  type Answer,
  type Delivery,
  type GateRequest,
  problemAnswer,
  type Terms,
  unknownOutcome,
} from '@farebox/gate';
import { isPaymentCredential, type Offer, type Problem, parseCredential, problem } from '@farebox/protocol';
import { hindranceRefusal, registrarProblem } from '../api/problems.js';
import { newId } from '../identity/secrets.js';
import { findPurchase, type Purchase, stepPurchase } from '../store/purchases.js';
import { challengeMembers, challengesOf, offeredOf } from './challenge-members.js';
import type { Desk } from './desk.js';
import { type Execution, executePaid, paymentOf } from './execute.js';
import { findHindrance, newPurchase, offerPurchase } from './offer.js';
import { orderAnswer, withKey } from './order-answer.js';
import type { Hindrance, OrderPlan } from './plan.js';

/** What is sent, and who is told whether it has left. */
export interface Sold {
  readonly answer: Answer;
  /** A committed delivery: it wants to know whether the answer has left. */
  readonly delivery?: Delivery;
}

/** A way of paying that the buyer has chosen. */
export type Rail = 'tempo' | 'lightning';

const routes = { register: 'POST /api/v1/domains/register', renew: 'POST /api/v1/renew' } as const;

/**
 * Sells one order through the gate: challenge → lock → payment → execution, once → answer.
 *
 * What can be refused without money is refused before the gate is asked, because judging a Tempo payment moves it. Before a
 * credential is judged it is written down that it is at work: from then on nobody takes the name away.
 */
export async function sellOrder(
  desk: Desk,
  request: GateRequest,
  plan: OrderPlan,
  rail?: Rail,
): Promise<Sold> {
  const id = presentedId(request);
  const order = id === undefined ? undefined : await desk.db.read((sql) => findPurchase(sql, id));
  const ours =
    order !== undefined && order.agent === plan.agent && order.fqdn === plan.name.fqdn ? order : undefined;
  if (id === undefined) {
    const hindrance = await desk.db.read((sql) => findHindrance(sql, plan, desk.now()));
    if (hindrance !== undefined) return refused(desk, plan, hindrance);
    return admitted(desk, request, plan, rail, undefined);
  }
  desk.presented.set(id, (desk.presented.get(id) ?? 0) + 1);
  try {
    const hindrance = ours && (await present(desk, ours, plan));
    if (hindrance !== undefined) return refused(desk, plan, hindrance);
    return await admitted(desk, request, plan, rail, order);
  } finally {
    const left = (desk.presented.get(id) ?? 1) - 1;
    if (left === 0) desk.presented.delete(id);
    else desk.presented.set(id, left);
  }
}

/** The challenge that a credential says it is for. Nothing is decided by it that could cost anybody anything. */
export function presentedId({ credentials }: Pick<GateRequest, 'credentials'>): string | undefined {
  const payments = credentials.filter(isPaymentCredential);
  const [only] = payments;
  if (only === undefined || payments.length > 1) return undefined;
  const parsed = parseCredential(only);
  return parsed.ok ? parsed.value.challenge.id : undefined;
}

function refused(desk: Desk, plan: OrderPlan, hindrance: Hindrance): Sold {
  const { problem, fields } = hindranceRefusal(hindrance, plan.name.fqdn, desk.now());
  return { answer: problemAnswer(problem, fields) };
}

/**
 * Writes down that a credential is at work. A payment that has not moved yet does not move for a name that is gone; one over
 * Lightning has moved, so it goes on and becomes balance.
 */
function present(desk: Desk, order: Purchase, plan: OrderPlan): Promise<Hindrance | undefined> {
  return desk.db.write(async (sql) => {
    const nowMs = desk.now();
    const at = (await findPurchase(sql, order.id)) ?? order;
    if (at.state === 'done' || at.state === 'failed' || at.state === 'unknown') return undefined;
    if (at.state !== 'executing') {
      const hindrance = await findHindrance(sql, plan, nowMs, order.id);
      if (hindrance !== undefined) return order.method === 'tempo' ? hindrance : undefined;
    }
    await stepPurchase(sql, at, 'present', nowMs, { inFlightMs: nowMs });
    return undefined;
  });
}

async function admitted(
  desk: Desk,
  request: GateRequest,
  plan: OrderPlan,
  rail: Rail | undefined,
  order: Purchase | undefined,
): Promise<Sold> {
  const admission = await desk.gate.admit(request, termsOf(desk, plan, rail));
  if (admission.kind === 'replayed')
    return {
      answer: await withKey(desk, admission.answer, admission.delivery.challengeId),
      delivery: admission.delivery,
    };
  if (admission.kind === 'admitted') return execute(desk, plan, order, admission.delivery);
  const { answer } = admission;
  // The gate has judged it, and nothing was paid. Whoever else presents the same has not lost it by that.
  if (order?.agent === plan.agent && order !== undefined && answer.status < 409) {
    if (desk.presented.get(order.id) === 1) await retract(desk, order.id);
  }
  return answer.status === 402 ? offer(desk, plan, answer) : { answer };
}

function retract(desk: Desk, id: string): Promise<void> {
  return desk.db.write(async (sql) => {
    const at = await findPurchase(sql, id);
    if (at?.state === 'executing') await stepPurchase(sql, at, 'refuse', desk.now());
  });
}

/** The challenges become an offer, with the lock, before anybody sees them. */
async function offer(desk: Desk, plan: OrderPlan, answer: Answer): Promise<Sold> {
  const nowMs = desk.now();
  const challenges = challengesOf(answer);
  const offered = await desk.db.write((sql) =>
    offerPurchase(sql, plan, newId('ord'), offeredOf(challenges, nowMs), desk.caps, nowMs),
  );
  if (!offered.ok) return refused(desk, plan, offered.hindrance);
  const members = challengeMembers(challenges, plan, offered.session, desk.paying);
  const content: Problem = JSON.parse(String(answer.body));
  const body = JSON.stringify({ ...content, ...refusedWords(content), ...members });
  const headers = [...answer.headers, 'Access-Control-Expose-Headers', 'WWW-Authenticate, Payment-Receipt'];
  const at = headers.indexOf('Content-Length');
  headers[at + 1] = String(Buffer.byteLength(body));
  return { answer: { status: answer.status, headers, body } };
}

/** A payment that did not verify is told in the words of the public API (R27), with what is wrong after them. */
function refusedWords({ type, detail }: Problem): { readonly detail?: string } {
  if (type === problem('payment-required').type) return {};
  return { detail: `Payment authorization did not verify. ${detail ?? ''}`.trim() };
}

async function execute(
  desk: Desk,
  plan: OrderPlan,
  order: Purchase | undefined,
  delivery: Delivery,
): Promise<Sold> {
  const { challengeId, settlement } = delivery;
  const payment = paymentOf(settlement);
  // An order that was pruned is made again: the gate has shown that the challenge was issued for this very request.
  const method = settlement.paid.currency === 'sat' ? 'lightning' : 'tempo';
  const fresh = () => newPurchase(plan, newId('ord'), { id: challengeId, method, expiresMs: desk.now() });
  const target = order ?? fresh();
  let execution: Execution;
  try {
    execution = await executePaid(desk, target, payment);
  } catch (error) {
    desk.onFault('an order that was paid could not be carried out', error);
    execution = { kind: 'unknown' };
  }
  if (execution.kind === 'unknown') {
    // The same credential asks again; the order's id keeps it from happening twice.
    delivery.unknown();
    return { answer: unknownOutcome('timeout', challengeId) };
  }
  const kept = orderAnswer(desk, target, execution, settlement);
  const commit = await delivery.commit(kept.status, kept);
  if (!commit.ok) return { answer: commit.answer };
  const headers = [...kept.headers, ...commit.headers, 'Content-Length', String(kept.body.length)];
  const answer = { status: kept.status, headers, body: kept.body };
  return { answer: await withKey(desk, answer, challengeId), delivery };
}

/** On what terms: `once`, and asked again with the same id where the outcome is not known. */
function termsOf(desk: Desk, plan: OrderPlan, rail: Rail | undefined): Terms {
  return {
    route: routes[plan.kind],
    effect: 'once',
    onUnknown: 'ask-again',
    // A name that was lost after it was paid is answered with what the payment has become: that is charged for.
    chargeOn: 'any-response',
    offers: offersOf(desk, plan, rail),
  };
}

/** The prices of an order, one for each way of paying; of one way only, where the buyer wants that. */
export function offersOf(
  { paying }: Pick<Desk, 'paying'>,
  { kind, name, years, price }: OrderPlan,
  rail?: Rail,
): Offer[] {
  const description = `${kind} ${name.fqdn} for ${years} ${years === 1 ? 'year' : 'years'}`;
  const { usdMicros, sats } = price.net;
  const tokens = paying.tempo?.tokens ?? [];
  const offers: Offer[] = tokens.map(({ address }) => ({
    ...{ method: 'tempo', intent: 'charge', description },
    price: { amount: usdMicros, currency: address },
  }));
  if (paying.lightning && sats !== undefined)
    offers.push({
      method: 'lightning',
      intent: 'charge',
      price: { amount: sats, currency: 'sat' },
      description,
    });
  return rail === undefined ? offers : offers.filter(({ method }) => method === rail);
}

/** The refusal where an order has no way of being paid here. */
export function unsellable(): Answer {
  return problemAnswer(
    registrarProblem('registration-closed', 'This name has no price that can be paid here.'),
  );
}
