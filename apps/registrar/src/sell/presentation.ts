import type { Decision } from '@farebox/gate';
import { countLocks, lockStanding } from '../store/locks.js';
import { findPurchase, type Purchase, stepPurchase } from '../store/purchases.js';
import type { Desk } from './desk.js';
import { capReached, findHindrance } from './offer.js';
import type { Hindrance, OrderPlan } from './plan.js';

/** How long an order is remembered whose credential has just proved nothing. */
export const refusedKeptMs = 2_000;
/** So many are remembered; the oldest make room. */
const refusedOrdersMax = 10_000;

/** Orders whose credentials have just proved nothing, by id: whoever presents another is limited as if they had not paid. */
export class RefusedOrders {
  readonly #refusedMs = new Map<string, number>();

  note(id: string, nowMs: number): void {
    this.#refusedMs.delete(id);
    this.#refusedMs.set(id, nowMs);
    for (const [oldest, ms] of this.#refusedMs) {
      if (this.#refusedMs.size <= refusedOrdersMax && nowMs - ms < refusedKeptMs) return;
      this.#refusedMs.delete(oldest);
    }
  }

  has(id: string, nowMs: number): boolean {
    const ms = this.#refusedMs.get(id);
    return ms !== undefined && nowMs - ms < refusedKeptMs;
  }
}

/** An order's credential at work in this process, and what has come of it so far. */
export interface Presentation {
  /** Requests that carry it at this moment. */
  atWork: number;
  /** One of them was judged, and nothing was paid. */
  refused: boolean;
  /** One of them was good, or nobody could tell. */
  open: boolean;
  /** It had been presented before any of them: money may be moving since. Undefined: nobody has looked yet. */
  again: boolean | undefined;
}

/** A request with the credential of an order begins. */
export function beginPresentation({ presented }: Pick<Desk, 'presented'>, id: string): Presentation {
  const known = presented.get(id);
  const presentation = known ?? { atWork: 0, refused: false, open: false, again: undefined };
  presentation.atWork += 1;
  presented.set(id, presentation);
  return presentation;
}

/** What the gate has said of it. A request that has met another one at work says nothing of the payment. */
export function notePresentation(presentation: Presentation, decision: Decision): void {
  if (decision.kind === 'refused') presentation.refused ||= decision.answer.status !== 409;
  else if (decision.kind === 'yielded' && decision.reason !== 'unavailable') presentation.refused = true;
  else presentation.open = true;
}

/**
 * The request ends. The last one lets go of the name where the credential was judged and nothing was paid, whatever was
 * answered: one that is good for nothing keeps no name.
 */
export async function endPresentation(
  { db, presented, refusedOrders, now }: Desk,
  id: string,
  presentation: Presentation,
): Promise<void> {
  const { refused, open, again } = presentation;
  if (refused && !open) refusedOrders.note(id, now());
  presentation.atWork -= 1;
  if (presentation.atWork > 0) return;
  presented.delete(id);
  if (!refused || open) return;
  await db.write(async (sql) => {
    const at = await findPurchase(sql, id);
    // What was presented before may have moved money, whatever this one was: it is judged again when it comes again.
    if (at?.state === 'executing') await stepPurchase(sql, at, again ? 'present' : 'refuse', now());
  });
}

/**
 * Writes down that a credential is at work. A payment that has not moved yet does not move for a name that is gone; one over
 * Lightning has moved, and one that comes late moves no more, so they are judged and become balance.
 */
export function presentOrder(
  desk: Desk,
  order: Purchase,
  plan: OrderPlan,
  presentation: Presentation,
): Promise<Hindrance | undefined> {
  return desk.db.write(async (sql) => {
    const nowMs = desk.now();
    const at = (await findPurchase(sql, order.id)) ?? order;
    if (at.state === 'done' || at.state === 'failed' || at.state === 'unknown') return undefined;
    const over = nowMs >= at.expiresMs;
    const again = at.state === 'executing';
    const hindrance = await findHindrance(sql, plan, nowMs, order.id);
    if (hindrance !== undefined && !again) return at.method === 'tempo' && !over ? hindrance : undefined;
    // Of those that are at work together only the first can tell: the others find what it has written.
    presentation.again ??= again;
    const keeps = !over && hindrance === undefined && (await mayKeep());
    await stepPurchase(sql, at, 'present', nowMs, { inFlightMs: keeps ? nowMs : at.inFlightMs });
    return undefined;

    /** Nobody has seen yet whether it pays, so it keeps no more names than may be locked. */
    async function mayKeep(): Promise<boolean> {
      const { lock } = await lockStanding(sql, at.fqdn, nowMs);
      if (lock?.holder === at.holder && nowMs < lock.untilMs) return true;
      return (await capReached(sql, at, countLocks, desk.caps, nowMs)) === undefined;
    }
  });
}
