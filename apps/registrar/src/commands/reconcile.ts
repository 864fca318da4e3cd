import { loadRegistrarConfig } from '../config/load.js';
import { storePlace } from '../config/places.js';
import { registryOf } from '../open.js';
import { reconcileOrders } from '../reconcile.js';
import { openStore } from '../store/open.js';
import { complain, exitCodes, print } from './report.js';

/** Reconciles, and says what became of each order. The registrar may run meanwhile: it tells the webhooks. */
export async function reconcileCommand(path: string): Promise<number> {
  try {
    const config = await loadRegistrarConfig(path);
    const db = await openStore(await storePlace(config));
    try {
      const registry = await registryOf(config);
      const onFault = (what: string, error: unknown) =>
        void complain(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      const side = { db, registry, now: Date.now, eventsWaiting: () => {}, onFault };
      const orders = await reconcileOrders(side);
      if (orders.length === 0) print('Every order has its outcome.');
      for (const { orderId, kind, domain, outcome } of orders)
        print(`${orderId}  ${kind} ${domain}  ${outcome}`);
      return orders.some(({ outcome }) => outcome === 'unknown') ? exitCodes.failed : exitCodes.done;
    } finally {
      await db.close();
    }
  } catch (error) {
    return complain(error);
  }
}
