import type { Settlement } from '@farebox/protocol';
import type { Sql } from '../store/database.js';
import {
  findPurchase,
  insertPurchase,
  type NewPurchase,
  type Purchase,
  type PurchasePayment,
  stepPurchase,
} from '../store/purchases.js';
import type { Desk } from './desk.js';
import {
  type Finished,
  type FinishTerms,
  finishPurchase,
  orderHindrance,
  readResult,
  settledResult,
} from './finish.js';
import { payerIdentity } from './payer-identity.js';

/** How carrying out a paid order ended. `unknown`: the registry did not say; the same credential asks again. */
export type Execution = Finished | { readonly kind: 'unknown' };

/** What asking the registry about an order takes. */
export type RegistrySide = Pick<Desk, 'db' | 'registry' | 'now' | 'eventsWaiting' | 'onFault'>;

/** A proved payment, in the words of the store. */
export function paymentOf({ paid, reference, payer }: Settlement): PurchasePayment {
  return { amount: paid.amount, currency: paid.currency, reference, payer };
}

/**
 * Carries a paid order out, once for its id however often it is asked for. With a registry of its own elsewhere: first it is
 * written down that it was paid and is about to be asked for, then the registry is asked with the order's id as its key, then
 * all that follows is written in one transaction. A crash anywhere in between leaves an order that the same credential, or
 * `reconcile`, finishes.
 *
 * @param order as it would be written, should it not be there any more: the gate has shown that it was issued for this request
 * @throws what the store says; then the outcome is not known
 */
export async function executePaid(
  desk: Desk,
  order: NewPurchase,
  payment: PurchasePayment,
): Promise<Execution> {
  if (desk.registry.name === 'built-in') {
    const done = await desk.db.write(async (sql) => {
      const [at, terms] = await prepare(desk, sql, order, payment);
      return finishPurchase(sql, at, terms, desk.now());
    });
    if (!done.repeated) desk.eventsWaiting();
    return done;
  }
  const prepared = await desk.db.write(async (sql) => {
    const [at, terms] = await prepare(desk, sql, order, payment);
    const before = settledResult(at);
    if (before !== undefined) return before;
    const result = JSON.stringify({ owner: terms.owner, madeAgent: terms.madeAgent });
    const nowMs = desk.now();
    // Whether it can still be had is asked before the registry is: what is written here keeps the name until it has answered.
    const lost = at.state === 'unknown' ? undefined : await hindered(sql, at, terms, nowMs);
    if (lost !== undefined) return lost;
    await stepPurchase(sql, at, 'lose', nowMs, { payment, result });
    return undefined;
  });
  return prepared ?? carryOut(desk, order.id);
}

/**
 * Asks the registry about an order that was paid and prepared, and writes down what follows.
 *
 * @throws what the store says
 */
export async function carryOut(desk: RegistrySide, id: string): Promise<Execution> {
  const order = await desk.db.read((sql) => findPurchase(sql, id));
  const known = order && readResult(order);
  if (order === undefined || known === undefined || order.payment === undefined) return { kind: 'unknown' };
  const { kind, fqdn, years, payment } = order;
  const outcome = await desk.registry.carryOut({ key: id, kind, fqdn, years, owner: known.owner });
  if (outcome === 'unknown') return { kind: 'unknown' };
  const { owner, madeAgent } = known;
  const done = await desk.db.write(async (sql) => {
    const now = (await findPurchase(sql, id)) ?? order;
    return finishPurchase(
      sql,
      now,
      { owner, madeAgent, payment, refused: outcome === 'refused' },
      desk.now(),
    );
  });
  if (!done.repeated) desk.eventsWaiting();
  return done;
}

async function prepare(
  desk: Desk,
  sql: Sql,
  order: NewPurchase,
  payment: PurchasePayment,
): Promise<readonly [Purchase, FinishTerms]> {
  const nowMs = desk.now();
  await insertPurchase(sql, order, nowMs);
  const at = await findPurchase(sql, order.id);
  if (at === undefined) throw new Error('An order that was written is not there.');
  const known = readResult(at);
  const couponUsesMax = desk.coupons.get(at.coupon ?? '')?.usesMax;
  const paid = { payment, couponUsesMax };
  if (known !== undefined) return [at, { owner: known.owner, madeAgent: known.madeAgent, ...paid }];
  if (at.agent !== undefined) return [at, { owner: at.agent, madeAgent: false, ...paid }];
  const payer = payment.payer ?? `${at.method}:${payment.reference}`;
  const [secret = ''] = desk.secrets;
  const { owner, made } = await payerIdentity(sql, payer, at.id, secret, desk.keyPrefix, nowMs);
  return [at, { owner, madeAgent: made, ...paid }];
}

/** Ends an order that cannot be had any more, in the transaction that finds that out; undefined: it can. */
async function hindered(
  sql: Sql,
  order: Purchase,
  terms: FinishTerms,
  nowMs: number,
): Promise<Finished | undefined> {
  if ((await orderHindrance(sql, order, terms, nowMs)) === undefined) return undefined;
  return finishPurchase(sql, order, terms, nowMs);
}
