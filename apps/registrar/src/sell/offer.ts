import { domainStateAt, yearsLater, yearsMax } from '../life/domain-life.js';
import { lockExtensionsMax, lockRights } from '../life/lock-life.js';
import type { Sql } from '../store/database.js';
import { findDomain } from '../store/domains.js';
import { countLocks, lockStanding, writeLock } from '../store/locks.js';
import {
  couponUses,
  findPurchase,
  insertPurchase,
  type NewPurchase,
  openRenewals,
} from '../store/purchases.js';
import type { Hindrance, LockCaps, OrderPlan } from './plan.js';

/** One challenge of an answer. */
export interface OfferedChallenge {
  readonly id: string;
  readonly method: string;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/**
 * What keeps an order from being had at a moment; undefined: nothing. Changes nothing.
 *
 * @param own the order itself, where it is one already: it does not stand in its own way
 */
export async function findHindrance(
  sql: Sql,
  plan: OrderPlan,
  nowMs: number,
  own?: string,
): Promise<Hindrance | undefined> {
  return plan.kind === 'register' ? registering(sql, plan, nowMs, own) : renewing(sql, plan, nowMs);
}

async function registering(
  sql: Sql,
  plan: OrderPlan,
  nowMs: number,
  own: string | undefined,
): Promise<Hindrance | undefined> {
  const { fqdn } = plan.name;
  const owned = await findDomain(sql, fqdn, nowMs);
  if (owned !== undefined) return { kind: 'taken', byAsker: owned.owner === plan.agent };
  const { lock, state } = await lockStanding(sql, fqdn, nowMs, own);
  const byAsker = lock?.holder === plan.holder;
  if (lockRights[state][byAsker ? 'holder' : 'other'].lock) return undefined;
  return { kind: 'locked', untilMs: lock?.untilMs ?? nowMs, byAsker };
}

async function renewing(sql: Sql, plan: OrderPlan, nowMs: number): Promise<Hindrance | undefined> {
  const owned = await findDomain(sql, plan.name.fqdn, nowMs);
  if (owned === undefined) return { kind: 'not-registered' };
  // Whoever says who they are renews what is theirs; without a name anyone may pay for another's, but not once it is over.
  const isOwner = owned.owner === plan.agent;
  if (plan.agent !== undefined && !isOwner) return { kind: 'not-yours' };
  if (!isOwner && domainStateAt(owned.expiresMs, nowMs) === 'grace') return { kind: 'not-yours' };
  const to = yearsLater(owned.expiresMs, plan.years);
  return to > yearsLater(nowMs, yearsMax) ? { kind: 'too-long' } : undefined;
}

/**
 * Whether an order's coupon has a use left for it: whoever may still pay holds one.
 *
 * @param session that of the order itself, where it is one already
 */
export async function findCouponHindrance(
  sql: Sql,
  { name, holder, price }: OrderPlan,
  nowMs: number,
  session?: string,
): Promise<Hindrance | undefined> {
  const { coupon, couponUsesMax } = price;
  if (coupon === undefined || couponUsesMax === undefined) return undefined;
  const uses = await couponUses(sql, coupon, nowMs, { fqdn: name.fqdn, holder, session });
  return uses < couponUsesMax ? undefined : { kind: 'coupon-used-up' };
}

/** What came of an offer: the session that it is known by, or what was in its way. */
export type Offered =
  | { readonly ok: true; readonly session: string }
  | { readonly ok: false; readonly hindrance: Hindrance };

/**
 * Writes down what is being offered: an order for each challenge, and for a registration the lock, which lives as long as
 * the challenges do. All of it in one transaction, before the buyer sees the challenges; where something is in the way,
 * nothing is written and they must not be sent. Challenges that were offered before are offered again as they were, while
 * the name can still be had, and keep it as they did.
 *
 * @param session what the offer is to be known by, where it is new
 */
export async function offerPurchase(
  sql: Sql,
  plan: OrderPlan,
  session: string,
  challenges: readonly OfferedChallenge[],
  caps: LockCaps,
  nowMs: number,
): Promise<Offered> {
  const [first] = challenges;
  const before = first && (await findPurchase(sql, first.id));
  if (before !== undefined) {
    const gone = await lockAgain(sql, plan, before.session, challenges, caps, nowMs);
    return gone === undefined ? { ok: true, session: before.session } : { ok: false, hindrance: gone };
  }
  const hindrance =
    (await findHindrance(sql, plan, nowMs)) ??
    (await findCouponHindrance(sql, plan, nowMs)) ??
    (await takeRoom(sql, plan, session, challenges, caps, nowMs));
  if (hindrance !== undefined) return { ok: false, hindrance };
  for (const challenge of challenges) await insertPurchase(sql, newPurchase(plan, session, challenge), nowMs);
  return { ok: true, session };
}

/** The lock of challenges that are out, where it was let go of; else what is in the way of it. */
async function lockAgain(
  sql: Sql,
  plan: OrderPlan,
  session: string,
  challenges: readonly OfferedChallenge[],
  caps: LockCaps,
  nowMs: number,
): Promise<Hindrance | undefined> {
  if (plan.kind === 'renew') return undefined;
  const hindrance = await findHindrance(sql, plan, nowMs);
  if (hindrance !== undefined) return hindrance;
  // It is there and can be had: it is the asker's own.
  if ((await lockStanding(sql, plan.name.fqdn, nowMs)).state === 'held') return undefined;
  return takeRoom(sql, plan, session, challenges, caps, nowMs);
}

/** The order of one challenge. */
export function newPurchase(plan: OrderPlan, session: string, challenge: OfferedChallenge): NewPurchase {
  const { kind, name, years, agent, holder, client, price } = plan;
  const { id, method, expiresMs } = challenge;
  return {
    ...{ id, session, kind, fqdn: name.fqdn, years, agent, holder, client, method, expiresMs },
    usdMicros: price.net.usdMicros,
    coupon: price.coupon,
  };
}

async function takeRoom(
  sql: Sql,
  plan: OrderPlan,
  session: string,
  challenges: readonly OfferedChallenge[],
  caps: LockCaps,
  nowMs: number,
): Promise<Hindrance | undefined> {
  const { holder, client } = plan;
  const { fqdn } = plan.name;
  const counted = plan.kind === 'register' ? countLocks : openRenewals;
  const { lock, state } = await lockStanding(sql, fqdn, nowMs);
  const mine = plan.kind === 'register' && lock?.holder === holder && state === 'held' ? lock : undefined;
  const full = mine === undefined ? await capReached(sql, plan, counted, caps, nowMs) : undefined;
  if (full !== undefined) return { kind: 'too-many-locks', by: full };
  if (plan.kind === 'renew') return undefined;
  const untilMs = Math.max(mine?.untilMs ?? 0, ...challenges.map(({ expiresMs }) => expiresMs));
  const extensions = mine === undefined ? 0 : mine.extensions + 1;
  // A lock that is made longer for ever is a name that is had for nothing.
  if (extensions > lockExtensionsMax)
    return { kind: 'locked', untilMs: mine?.untilMs ?? untilMs, byAsker: true };
  await writeLock(sql, {
    fqdn,
    holder,
    client,
    session,
    takenMs: mine?.takenMs ?? nowMs,
    untilMs,
    extensions,
  });
  return undefined;
}

/** Which cap on names that are kept is reached; undefined: there is room for one more. */
export async function capReached(
  sql: Sql,
  { holder, client }: Pick<OrderPlan, 'holder' | 'client'>,
  counted: typeof countLocks,
  caps: LockCaps,
  nowMs: number,
): Promise<'holder' | 'client' | undefined> {
  if ((await counted(sql, 'holder', holder, nowMs)) >= caps.perHolder) return 'holder';
  return (await counted(sql, 'client', client, nowMs)) >= caps.perClient ? 'client' : undefined;
}
