import { type Answer, problemAnswer } from '@farebox/gate';
import { hindranceRefusal, registrarProblem } from '../api/problems.js';
import { newId, secretHash } from '../identity/secrets.js';
import { balanceOf, reserve, usdMicrosCurrency } from '../store/entries.js';
import { findPurchase, insertPurchase, stepPurchase } from '../store/purchases.js';
import type { Desk } from './desk.js';
import { carryOut, type Execution } from './execute.js';
import { finishPurchase, settledResult } from './finish.js';
import { findCouponHindrance, findHindrance, newPurchase } from './offer.js';
import { orderAnswer } from './order-answer.js';
import type { Hindrance, OrderPlan } from './plan.js';

/** What keeps an order from being carried out without a challenge. */
type Obstacle = Hindrance | { readonly kind: 'balance' | 'key-reused' };

/**
 * An order that no challenge is needed for: paid from the agent's balance (`gems`), or free by a coupon. With an
 * `Idempotency-Key` the same order asked for again is the one that was carried out, and costs nothing more.
 */
export async function orderUnchallenged(
  desk: Desk,
  plan: OrderPlan & { readonly agent: string },
  method: 'gems' | 'coupon',
  idempotencyKey: string | undefined,
): Promise<Answer> {
  const id =
    idempotencyKey === undefined
      ? newId('chk')
      : `key_${secretHash(JSON.stringify([plan.agent, method, idempotencyKey]))}`;
  const order = newPurchase(plan, newId('ord'), { id, method, expiresMs: desk.now() });
  const { usdMicros } = order;
  const payment =
    method === 'gems'
      ? { amount: usdMicros, currency: usdMicrosCurrency, reference: order.session, payer: undefined }
      : undefined;
  type Begun = { readonly execution: Execution | undefined } | { readonly obstacle: Obstacle };
  const begun = await desk.db.write(async (sql): Promise<Begun> => {
    const nowMs = desk.now();
    const before = await findPurchase(sql, id);
    if (before !== undefined) {
      const same = before.fqdn === order.fqdn && before.years === order.years && before.kind === order.kind;
      if (!same) return { obstacle: { kind: 'key-reused' } };
      return { execution: settledResult(before) };
    }
    const obstacle = (await findHindrance(sql, plan, nowMs)) ?? (await unaffordable());
    if (obstacle !== undefined) return { obstacle };
    await insertPurchase(sql, order, nowMs);
    const at = await findPurchase(sql, id);
    if (at === undefined) throw new Error('An order that was written is not there.');
    const terms = { owner: plan.agent, madeAgent: false, payment };
    if (desk.registry.name === 'built-in') return { execution: await finishPurchase(sql, at, terms, nowMs) };
    const result = JSON.stringify({ owner: plan.agent, madeAgent: false });
    const nothing = { amount: 0n, currency: usdMicrosCurrency, reference: order.session, payer: undefined };
    // What is not on the balance any more cannot be spent while the registry is asked, nor after a crash.
    if (method === 'gems') await reserve(sql, id, plan.agent, usdMicros, nowMs);
    await stepPurchase(sql, at, 'lose', nowMs, { payment: payment ?? nothing, result });
    return { execution: undefined };

    async function unaffordable(): Promise<Obstacle | undefined> {
      if (method === 'gems' && (await balanceOf(sql, plan.agent)) < usdMicros) return { kind: 'balance' };
      return findCouponHindrance(sql, plan, nowMs);
    }
  });
  if ('obstacle' in begun) return obstacleAnswer(desk, plan, begun.obstacle);
  const execution = begun.execution ?? (await carryOut(desk, id));
  if (execution.kind === 'unknown') return unknownAnswer();
  const known = (await desk.db.read((sql) => findPurchase(sql, id))) ?? order;
  const { status, headers, body } = orderAnswer(desk, known, execution, undefined);
  desk.eventsWaiting();
  const fields = ['Cache-Control', 'no-store', 'Content-Length', String(body.length)];
  return { status, headers: [...headers, ...fields], body };
}

function obstacleAnswer(desk: Desk, plan: OrderPlan, obstacle: Obstacle): Answer {
  switch (obstacle.kind) {
    case 'balance': {
      const detail = 'The balance is smaller than the price; pay with payment_method mpp.';
      return problemAnswer(registrarProblem('balance-insufficient', detail));
    }
    case 'key-reused': {
      const detail = 'This Idempotency-Key came with another order; use a key of its own for each.';
      return problemAnswer(registrarProblem('conflict', detail));
    }
    default: {
      const { problem, fields } = hindranceRefusal(obstacle, plan.name.fqdn, desk.now());
      return problemAnswer(problem, fields);
    }
  }
}

function unknownAnswer(): Answer {
  const detail =
    'The registry has not said what it did; ask again with the same Idempotency-Key, or look at my-domains later.';
  return problemAnswer(registrarProblem('internal-error', detail, { status: 504, retry: 'resume' }));
}
