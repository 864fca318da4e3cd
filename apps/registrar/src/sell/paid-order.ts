import {
  type Answer,
  type Decision,
  type Delivery,
  type GateRequest,
  paidLateDetail,
  problemAnswer,
  type Terms,
  unknownOutcome,
} from '@farebox/gate';
import { isChallengeId } from '@farebox/ledger';
import {
  isPaymentCredential,
  type Offer,
  type Problem,
  parseCredential,
  problem,
  type Settlement,
} from '@farebox/protocol';
import { hindranceRefusal, registrarProblem } from '../api/problems.js';
import { newId } from '../identity/secrets.js';
import { findPurchase, type NewPurchase, type Purchase } from '../store/purchases.js';
import { challengeMembers, challengesOf, offeredOf } from './challenge-members.js';
import type { Desk } from './desk.js';
import { type Execution, executePaid, paymentOf } from './execute.js';
import { findHindrance, newPurchase, offerPurchase } from './offer.js';
import { orderAnswer, withKey } from './order-answer.js';
import type { Hindrance, OrderPlan } from './plan.js';
import { beginPresentation, endPresentation, notePresentation, presentOrder } from './presentation.js';

/** What is sent, and who is told whether it has left. */
export interface Sold {
  readonly answer: Answer;
  /** A committed delivery: it wants to know whether the answer has left. */
  readonly delivery?: Delivery;
}

/** A way of paying that the buyer has chosen. */
export type Rail = 'tempo' | 'lightning';

const routes = { register: 'POST /api/v1/domains/register', renew: 'POST /api/v1/renew' } as const;

/** What may be offered to whoever has no payment, or one that fails; else why nothing may. */
export type Fresh =
  | { readonly ok: true; readonly plan: OrderPlan; readonly rail: Rail | undefined }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Sells one order through the gate: challenge → lock → payment → execution, once → answer.
 *
 * What can be refused without money is refused before the gate is asked, because judging a Tempo payment moves it. Before a
 * credential is judged it is written down that it is at work: from then on nobody takes the name away.
 *
 * @param plan the order as its credential may have paid for it: the gate judges that, whatever may be ordered now
 * @param fresh what is offered anew: nothing of it is decided by a credential
 */
export async function sellOrder(
  desk: Desk,
  request: GateRequest,
  plan: OrderPlan,
  fresh: Fresh,
): Promise<Sold> {
  const judged = request.credentials.some(isPaymentCredential)
    ? await judge(desk, request, plan, fresh)
    : await unpaid(desk, request, plan, fresh);
  return 'sold' in judged ? judged.sold : offerFresh(desk, plan, fresh, judged.decision);
}

/** What was sold or refused, or what the gate has said where something may be offered. */
type Judged = { readonly sold: Sold } | { readonly decision: Unsold };

type Unsold = Exclude<Decision, { readonly kind: 'admitted' | 'replayed' }>;

async function unpaid(desk: Desk, request: GateRequest, plan: OrderPlan, fresh: Fresh): Promise<Judged> {
  const hindrance = await desk.db.read((sql) => findHindrance(sql, plan, desk.now()));
  if (hindrance !== undefined) return { sold: refused(desk, plan, hindrance) };
  return admitted(desk, plan, undefined, await desk.gate.attempt(request, termsOf(desk, plan, fresh)));
}

async function judge(desk: Desk, request: GateRequest, plan: OrderPlan, fresh: Fresh): Promise<Judged> {
  const id = presentedId(request.credentials);
  const order = id === undefined ? undefined : await desk.db.read((sql) => findPurchase(sql, id));
  const attempt = async () => desk.gate.attempt(request, termsOf(desk, plan, fresh));
  if (order === undefined || order.agent !== plan.agent || order.fqdn !== plan.name.fqdn)
    return admitted(desk, plan, order, await attempt());
  const presentation = beginPresentation(desk, order.id);
  try {
    const hindrance = await presentOrder(desk, order, plan, presentation);
    if (hindrance !== undefined) return { sold: refused(desk, plan, hindrance) };
    const decision = await attempt();
    notePresentation(presentation, decision);
    return await admitted(desk, plan, order, decision);
  } finally {
    await endPresentation(desk, order.id, presentation);
  }
}

async function admitted(
  desk: Desk,
  plan: OrderPlan,
  order: Purchase | undefined,
  decision: Decision,
): Promise<Judged> {
  if (decision.kind === 'admitted') return { sold: await execute(desk, plan, order, decision.delivery) };
  if (decision.kind === 'replayed') {
    const { answer, delivery } = decision;
    return { sold: { answer: await withKey(desk, answer, delivery.challengeId), delivery } };
  }
  return { decision };
}

/** Nothing was sold. What is offered in its place is what anybody would be offered who asks for it now. */
async function offerFresh(desk: Desk, plan: OrderPlan, fresh: Fresh, decision: Unsold): Promise<Sold> {
  if (decision.kind === 'refused') {
    const { answer } = decision;
    // A used credential is told so with a challenge, where one may be had.
    const offers = answer.status === 402 || answer.status >= 500;
    if (offers && !fresh.ok) return { answer: problemAnswer(fresh.problem) };
    return answer.status === 402 && fresh.ok ? offer(desk, fresh.plan, answer) : { answer };
  }
  // It is as good as before: here, later; or for whom it was issued.
  const stillGood = decision.reason === 'unavailable' || decision.reason === 'other-resource';
  if (stillGood) return { answer: await decision.refuse() };
  const first = decision.reason === 'paid-late' ? `${paidLateDetail} ` : '';
  if (!fresh.ok) return { answer: problemAnswer(told(fresh.problem, first)) };
  const hindrance = await desk.db.read((sql) => findHindrance(sql, fresh.plan, desk.now()));
  if (hindrance !== undefined) return refused(desk, plan, hindrance, first);
  const answer = await decision.refuse();
  return answer.status === 402 ? offer(desk, fresh.plan, answer) : { answer };
}

/** The challenge that a credential says it is for. Nothing is decided by it that could cost anybody anything. */
export function presentedId(credentials: readonly string[]): string | undefined {
  const payments = credentials.filter(isPaymentCredential);
  const [only] = payments;
  if (only === undefined || payments.length > 1) return undefined;
  const parsed = parseCredential(only);
  // Of another form it is nobody's challenge, and no text for the store.
  return parsed.ok && isChallengeId(parsed.value.challenge.id) ? parsed.value.challenge.id : undefined;
}

function refused(desk: Desk, plan: OrderPlan, hindrance: Hindrance, first = ''): Sold {
  const { problem, fields } = hindranceRefusal(hindrance, plan.name.fqdn, desk.now());
  return { answer: problemAnswer(told(problem, first), fields) };
}

/** Before what hinders a new order: what has become of the payment for the old one. */
function told(refusal: Problem, first: string): Problem {
  return { ...refusal, detail: `${first}${refusal.detail ?? ''}` };
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
  const isSaid = /^(Payment authorization did not verify|Invalid payment authorization)\b/.test(detail ?? '');
  if (isSaid || type === problem('payment-required').type) return {};
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
  const target = order ?? forgottenOrder(plan, challengeId, settlement, desk.now());
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

/** An order that nobody remembers. What was paid for it says what it cost. */
function forgottenOrder(plan: OrderPlan, id: string, { paid }: Settlement, expiresMs: number): NewPurchase {
  const { usdMicros, sats } = plan.price.net;
  const overLightning = paid.currency === 'sat';
  const order = newPurchase(plan, newId('ord'), {
    id,
    method: overLightning ? 'lightning' : 'tempo',
    expiresMs,
  });
  // A token's base units are millionths of a dollar; satoshis are worth what they would be of the price now.
  if (!overLightning) return { ...order, usdMicros: paid.amount };
  return sats === undefined || sats === 0n
    ? order
    : { ...order, usdMicros: (usdMicros * paid.amount) / sats };
}

/** On what terms: `once`, and asked again with the same id where the outcome is not known. */
function termsOf(desk: Desk, plan: OrderPlan, fresh: Fresh): Terms {
  const { net } = plan.price;
  return {
    route: routes[plan.kind],
    effect: 'once',
    onUnknown: 'ask-again',
    // A name that was lost after it was paid is answered with what the payment has become: that is charged for.
    chargeOn: 'any-response',
    // Whatever was offered is judged, whether or not it is sold in that way now.
    offers: offersOf(desk, { ...plan, price: { ...plan.price, net: { ...net, sats: net.sats ?? 0n } } }),
    offersFor: () => (fresh.ok ? offersOf(desk, fresh.plan, fresh.rail) : []),
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
export function unpriced(): Problem {
  return registrarProblem('registration-closed', 'This name has no price that can be paid here.');
}

/** As {@link unpriced}, as an answer. */
export function unsellable(): Answer {
  return problemAnswer(unpriced());
}
