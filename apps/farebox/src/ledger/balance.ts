import type { Account, Movement } from '@farebox/ledger';
import type { Amount } from '@farebox/protocol';

/** What stands on each account. `received` in debit, the others in credit. */
export type Standing = Readonly<Record<Account, bigint>>;

/** The balance of one payment method and currency. Always received = owed + revenue + breakage + refunds. */
export interface MethodBalance extends Standing {
  readonly method: string;
  readonly currency: string;
  /** How many payments were received. */
  readonly payments: number;
  readonly routes: readonly RouteBalance[];
}

/** The part of one route. */
export interface RouteBalance extends Standing {
  readonly route: string;
  readonly payments: number;
}

/** A movement with what it moved. */
export interface Moved extends Movement {
  readonly method: string;
  readonly route: string;
  readonly amount: Amount;
  /** How many movements this is the sum of. */
  readonly count: number;
}

type Sums = Record<Account, bigint> & { payments: number };
type MethodSums = { readonly method: string; readonly currency: string; readonly routes: Map<string, Sums> };

const newSums = (): Sums => ({ received: 0n, owed: 0n, revenue: 0n, breakage: 0n, refunds: 0n, payments: 0 });

/** Sums movements up. Its size is that of the list of routes, however many movements it is given. */
export class BalanceSheet {
  readonly #methods = new Map<string, MethodSums>();

  add(moved: Moved): void {
    const { debit, credit, method, route, amount, count } = moved;
    const key = JSON.stringify([method, amount.currency]);
    let sums = this.#methods.get(key);
    if (sums === undefined) {
      sums = { method, currency: amount.currency, routes: new Map() };
      this.#methods.set(key, sums);
    }
    let ofRoute = sums.routes.get(route);
    if (ofRoute === undefined) {
      ofRoute = newSums();
      sums.routes.set(route, ofRoute);
    }
    if (debit === 'received') ofRoute.payments += count;
    ofRoute[debit] += debit === 'received' ? amount.amount : -amount.amount;
    ofRoute[credit] += credit === 'received' ? -amount.amount : amount.amount;
  }

  /** By method, currency and route, in the order of their names. */
  balances(): readonly MethodBalance[] {
    return [...this.#methods.values()]
      .map(({ method, currency, routes }) => ({
        method,
        currency,
        ...total(routes.values()),
        routes: [...routes].map(([route, sums]) => ({ route, ...sums })).sort(by('route')),
      }))
      .sort(by('method', 'currency'));
  }
}

function total(all: Iterable<Sums>): Sums {
  const sum = newSums();
  for (const one of all) {
    sum.received += one.received;
    sum.owed += one.owed;
    sum.revenue += one.revenue;
    sum.breakage += one.breakage;
    sum.refunds += one.refunds;
    sum.payments += one.payments;
  }
  return sum;
}

/** Compares by the code units of members: the same order on every machine. */
function by<K extends string>(...keys: readonly K[]) {
  return (a: Readonly<Record<K, string>>, b: Readonly<Record<K, string>>): number => {
    for (const key of keys) {
      if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
    }
    return 0;
  };
}
