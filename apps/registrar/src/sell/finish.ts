import { newId } from '../identity/secrets.js';
import { yearsLater } from '../life/domain-life.js';
import { readDomainName } from '../names/domain-name.js';
import type { Sql } from '../store/database.js';
import {
  bumpSerial,
  findDomain,
  findFormer,
  insertDomain,
  type OwnedDomain,
  writeExpiry,
} from '../store/domains.js';
import {
  balanceAccount,
  book,
  type EntryLine,
  reservedAccount,
  reservedLines,
  usdMicrosCurrency,
} from '../store/entries.js';
import { removeLock } from '../store/locks.js';
import { type Purchase, type PurchasePayment, stepPurchase } from '../store/purchases.js';
import { emitEvent } from '../store/webhooks.js';
import { findCouponHindrance, findHindrance } from './offer.js';
import type { Hindrance } from './plan.js';
import { releaseName } from './release.js';

/** The facts of an answer, kept with the order: whoever asks again is told the same. */
export interface OrderResult {
  /** Who has paid: who owns what was registered, and any balance. */
  readonly owner: string;
  /** Whose the name is; whoever renews it without a key may be somebody else. */
  readonly domainOwner?: string;
  /** An identity was made from this payment: the answer shows its key. */
  readonly madeAgent: boolean;
  readonly registeredMs?: number;
  readonly expiresMs?: number;
  /** Why it could not be carried out; what was paid is on the owner's balance. */
  readonly failure?: Hindrance['kind'];
}

/** How an execution ended. */
export interface Finished {
  readonly kind: 'done' | 'failed';
  readonly result: OrderResult;
  /** It had been so before: nothing was changed now. */
  readonly repeated: boolean;
}

/** Who owns what is bought, and how it was paid. */
export interface FinishTerms {
  readonly owner: string;
  readonly madeAgent: boolean;
  /** Undefined: nothing was to be paid. */
  readonly payment: PurchasePayment | undefined;
  /** How many orders its coupon is good for; undefined: any number, or that was looked at before. */
  readonly couponUsesMax?: number | undefined;
  /** The registry behind has refused it for good. */
  readonly refused?: boolean;
}

/** What an order has come to, where it has; undefined: it is still to be carried out. */
export function settledResult(order: Purchase): Finished | undefined {
  if (order.state !== 'done' && order.state !== 'failed') return undefined;
  const result = readResult(order);
  return result && { kind: order.state, result, repeated: true };
}

/** What is known of an order's outcome: whose it is as soon as it was paid. */
export function readResult({ result }: Purchase): OrderResult | undefined {
  return result === undefined ? undefined : (JSON.parse(result) as OrderResult); // only this folder writes it
}

/**
 * Carries an order out, in one transaction: the name, the books, the events, and the order itself. A second time it changes
 * nothing and says the same. What cannot be had any more becomes balance: a payment is never for nothing.
 */
export async function finishPurchase(
  sql: Sql,
  order: Purchase,
  terms: FinishTerms,
  nowMs: number,
): Promise<Finished> {
  const before = settledResult(order);
  if (before !== undefined) return before;
  const { owner, madeAgent } = terms;
  const failure = terms.refused === true ? 'taken' : await orderHindrance(sql, order, terms, nowMs);
  const first = order.method === 'gems' ? await reservedLines(sql, order.id) : 0;
  if (failure !== undefined) {
    await book(sql, order.id, conversion(order, terms, first > 0), nowMs, first);
    return close(sql, order, 'failed', { owner, madeAgent, failure }, terms, nowMs);
  }
  const domain =
    order.kind === 'register' ? await register(sql, order, owner, nowMs) : await renew(sql, order, nowMs);
  await book(sql, order.id, sale(order, terms, first > 0), nowMs, first);
  const { registeredMs, expiresMs } = domain;
  await tell(sql, order, domain, nowMs);
  const result = { owner, madeAgent, domainOwner: domain.owner, registeredMs, expiresMs };
  return close(sql, order, 'done', result, terms, nowMs);
}

/** What keeps a paid order from being carried out; undefined: nothing. */
export async function orderHindrance(
  sql: Sql,
  order: Purchase,
  { couponUsesMax }: Pick<FinishTerms, 'couponUsesMax'>,
  nowMs: number,
): Promise<Hindrance['kind'] | undefined> {
  if (order.state === 'unknown') return askedHindrance(sql, order, nowMs);
  const name = readDomainName({ domain: order.fqdn }, { has: () => true });
  if (!name.ok) return 'taken';
  const { kind, years, agent, holder, client, usdMicros } = order;
  const nothing = { usdMicros, sats: undefined };
  const price = { gross: nothing, net: nothing, premium: false, coupon: order.coupon, couponUsesMax };
  const plan = { kind, name: name.value, years, agent, holder, client, price };
  const found = await findHindrance(sql, plan, nowMs, order.id);
  // Another challenge of the same buyer is at work: whichever comes first gets the name.
  if (found !== undefined && !(found.kind === 'locked' && found.byAsker)) return found.kind;
  // After its time it holds no use of its coupon any more: others may have had them all.
  const late = nowMs >= order.expiresMs;
  return late ? (await findCouponHindrance(sql, plan, nowMs, order.session))?.kind : undefined;
}

/**
 * An order that the registry was asked about is not judged again: what was done there is done. Only where there is nothing here
 * that it could be written to does it become balance, because otherwise it would stay open for ever.
 */
async function askedHindrance(
  sql: Sql,
  order: Purchase,
  nowMs: number,
): Promise<Hindrance['kind'] | undefined> {
  if (order.kind === 'renew') return (await ownedWhenAsked(sql, order)) ? undefined : 'not-registered';
  return (await findDomain(sql, order.fqdn, nowMs)) ? 'taken' : undefined;
}

/** The name of a renewal, also where its grace has ended since; not where it has been registered anew. */
async function ownedWhenAsked(sql: Sql, { fqdn, createdMs }: Purchase): Promise<OwnedDomain | undefined> {
  const owned = await findDomain(sql, fqdn, createdMs);
  return owned === undefined || owned.registeredMs > createdMs ? undefined : owned;
}

async function register(sql: Sql, order: Purchase, owner: string, nowMs: number): Promise<OwnedDomain> {
  const { fqdn, years, method, session } = order;
  const dot = fqdn.indexOf('.');
  const namespace = fqdn.slice(dot + 1);
  const domain: OwnedDomain = {
    ...{ fqdn, namespace, name: fqdn.slice(0, dot), owner, method, orderId: session },
    registeredMs: nowMs,
    expiresMs: yearsLater(nowMs, years),
    reference: order.payment?.reference,
    profile: {},
  };
  if ((await findDomain(sql, fqdn, nowMs)) !== undefined)
    throw new Error('A name is sold that has an owner.');
  // What is left of a former life goes first, and its owner is told: housekeeping may not have come by yet.
  const former = await findFormer(sql, fqdn, nowMs);
  if (former !== undefined) await releaseName(sql, former);
  await insertDomain(sql, domain);
  await removeLock(sql, fqdn);
  await bumpSerial(sql, namespace);
  return domain;
}

async function renew(sql: Sql, order: Purchase, nowMs: number): Promise<OwnedDomain> {
  const asked = order.state === 'unknown';
  const owned = await (asked ? ownedWhenAsked(sql, order) : findDomain(sql, order.fqdn, nowMs));
  if (owned === undefined) throw new Error('A name that is not registered is renewed.');
  const expiresMs = yearsLater(owned.expiresMs, order.years);
  await writeExpiry(sql, order.fqdn, expiresMs);
  await bumpSerial(sql, owned.namespace);
  return { ...owned, expiresMs };
}

function sale(order: Purchase, { payment, owner }: FinishTerms, reserved: boolean): readonly EntryLine[] {
  if (payment === undefined || payment.amount === 0n) return [];
  const prepaid = reserved ? reservedAccount : balanceAccount(owner);
  const from = order.method === 'gems' ? prepaid : `payment:${order.method}`;
  const { amount, currency } = payment;
  return [
    { account: from, currency, amount: -amount },
    { account: `sales:${order.kind}`, currency, amount },
  ];
}

/** What was paid, in whatever money, is owed in dollars: as many as the order cost. What was reserved goes back. */
function conversion(
  order: Purchase,
  { payment, owner }: FinishTerms,
  reserved: boolean,
): readonly EntryLine[] {
  if (payment === undefined) return [];
  const { amount, currency } = payment;
  if (order.method === 'gems')
    return reserved
      ? [
          { account: reservedAccount, currency, amount: -amount },
          { account: balanceAccount(owner), currency, amount },
        ]
      : [];
  return [
    { account: `payment:${order.method}`, currency, amount: -amount },
    { account: 'converted', currency, amount },
    { account: 'converted', currency: usdMicrosCurrency, amount: -order.usdMicros },
    { account: balanceAccount(owner), currency: usdMicrosCurrency, amount: order.usdMicros },
  ];
}

async function tell(sql: Sql, order: Purchase, domain: OwnedDomain, nowMs: number): Promise<void> {
  const data = {
    domain: domain.fqdn,
    order_id: order.session,
    years: order.years,
    expiry_date: new Date(domain.expiresMs).toISOString(),
  };
  const type = order.kind === 'register' ? 'domain.registered' : 'domain.renewed';
  await emitEvent(sql, domain.owner, { type, id: newId('evt'), data }, nowMs);
}

async function close(
  sql: Sql,
  order: Purchase,
  kind: Finished['kind'],
  result: OrderResult,
  terms: FinishTerms,
  nowMs: number,
): Promise<Finished> {
  const facts = { agent: terms.owner, payment: terms.payment, result: JSON.stringify(result) };
  await stepPurchase(sql, order, kind === 'done' ? 'finish' : 'fail', nowMs, facts);
  return { kind, result, repeated: false };
}
