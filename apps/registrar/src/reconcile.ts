import { inFlightMsMax } from './life/lock-life.js';
import { carryOut, type RegistrySide } from './sell/execute.js';
import { findUnsettled } from './store/purchases.js';

/** Orders that are looked at in one run. */
const ordersMax = 1_000;

/** What became of one order that was left open. */
export interface Reconciled {
  readonly orderId: string;
  readonly domain: string;
  readonly kind: 'register' | 'renew';
  /**
   * done     the registry has it: the name is its buyer's now, who gets the answer with the same credential
   * failed   the registry has refused it: what was paid is on the buyer's balance
   * unknown  the registry does not say; run again later
   * open     a credential was presented, and no payment was proved: its buyer presents it again, or the name is free again
   *          after a while
   */
  readonly outcome: 'done' | 'failed' | 'unknown' | 'open';
}

/**
 * Asks the registry what became of every order whose outcome is not known. Asking twice does nothing twice; one that cannot be
 * written down is told as a fault, and those after it are looked at all the same.
 */
export async function reconcileOrders(desk: RegistrySide): Promise<readonly Reconciled[]> {
  const results: Reconciled[] = [];
  for (const order of await desk.db.read((sql) => findUnsettled(sql, ordersMax))) {
    const { id, session, fqdn, kind, state, inFlightMs } = order;
    const facts = { orderId: session, domain: fqdn, kind };
    if (state === 'executing') {
      const stale = inFlightMs === undefined || desk.now() >= inFlightMs + inFlightMsMax;
      if (stale) results.push({ ...facts, outcome: 'open' });
      continue;
    }
    results.push({ ...facts, outcome: await outcomeOf(desk, id) });
  }
  return results;
}

async function outcomeOf(desk: RegistrySide, id: string): Promise<Reconciled['outcome']> {
  try {
    return (await carryOut(desk, id)).kind;
  } catch (error) {
    desk.onFault('an order that was paid could not be reconciled', error);
    return 'unknown';
  }
}
