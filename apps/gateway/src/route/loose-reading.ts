import findMyWay from 'find-my-way';
import type { RouteMethod } from '../config/match.js';
import { loosePath } from './loose-path.js';
import type { Route } from './table.js';

/** Tells whether a path could be taken for what another route sells. */
export interface LooseReading {
  /**
   * True when a server that reads paths more freely than the table would serve what another route sells, for less than
   * that route asks.
   *
   * @param path in the normal form of `readTarget`
   * @param route that the table has found for it
   */
  sellsAnother(method: RouteMethod, path: string, route: Route): boolean;
  /** One pattern of the table, and what it leads to. */
  add(method: RouteMethod, pattern: string, route: Route): void;
}

/** A path in which there is nothing to be read in another way. Nearly every path. */
const PLAIN = /^(?:\/(?:[a-z0-9\-_~!$&'()*+,=:@]|\.(?=[^/]))+)+$/;

/**
 * Makes an empty {@link LooseReading}.
 *
 * The table is exact. Upstreams need not be: many take `/Report`, `/report/`, `/report;v=1` and `/report%3Fx` for
 * `/report`. Where a cheaper route takes in such a spelling (`/*`, say), what is sold would be had for less. So a path is
 * also read as the freest of servers would, and if that leads to a route that asks for more, it is not served at all.
 */
export function createLooseReading(paramCharsMax: number): LooseReading {
  const matcher = findMyWay({ maxParamLength: paramCharsMax, caseSensitive: false });
  /** Some pattern is not plain itself, has capitals or a slash at the end, so that a plain path may be meant for it. */
  let allPlain = true;
  // Of several patterns that are one to a free reader, each may be asked for by its own name.
  const routesAt = (method: RouteMethod, path: string): readonly Entry[] => {
    const found = matcher.find(method, path);
    // find-my-way types the store as any; only `add` below writes it.
    return found === null ? [] : (found.store as Entry[]);
  };
  const asksMore = (entries: readonly Entry[], route: Route): boolean =>
    entries.length > 0 &&
    !entries.some((entry) => entry.route.name === route.name) &&
    entries.some((entry) => isDearer(entry.route, route));

  return {
    add(method, pattern, route) {
      const named = withoutNames(pattern);
      allPlain &&= named === '/' || PLAIN.test(named);
      const entry: Entry = { route, open: pattern.endsWith('*') };
      const loose = loosePath(named);
      const known = matcher.findRoute(method, loose);
      if (known === null) matcher.on(method, loose, () => {}, [entry]);
      // As above.
      else (known.store as Entry[]).push(entry);
    },
    sellsAnother(method, path, route) {
      if (allPlain && PLAIN.test(path)) return false;
      const loose = loosePath(path);
      if (asksMore(routesAt(method, loose), route)) return true;
      // A slash at the end makes a difference to whoever takes in everything below a path, and to nobody else.
      const other = loose.endsWith('/') ? loose.slice(0, -1) : `${loose}/`;
      if (other === '') return false;
      const closed = routesAt(method, other).filter(({ open }) => !open);
      return asksMore(closed, route);
    },
  };
}

/** A pattern with names of its own for its `:name` segments: what they are called makes no difference to a path. */
function withoutNames(pattern: string): string {
  let count = 0;
  return pattern.replace(/:[A-Za-z_][A-Za-z0-9_]*/g, () => `:p${count++}`);
}

interface Entry {
  readonly route: Route;
  /** It takes in everything below its path. */
  readonly open: boolean;
}

/** True when a request that is sold as `asked` would cost more as `meant`, or be paid in a way that `asked` has not. */
function isDearer(meant: Route, asked: Route): boolean {
  if (meant.terms === undefined || meant.shadow) return false;
  if (asked.terms === undefined || asked.shadow) return true;
  // What is free is counted route by route: under another's name there is more of it.
  if (asked.access.free !== undefined) return true;
  if (!sameLabels(meant.access.labels, asked.access.labels)) return true;
  if (meant.terms.chargeOn === 'any-response' && asked.terms.chargeOn !== 'any-response') return true;
  // Prices that depend on the request cannot be compared without it.
  if (meant.terms.offersFor !== undefined || asked.terms.offersFor !== undefined) return true;
  const { offers } = asked.terms;
  return meant.terms.offers.some(
    ({ method, price }) =>
      !offers.some(
        (offer) =>
          offer.method === method &&
          offer.price.currency === price.currency &&
          offer.price.amount >= price.amount,
      ),
  );
}

/** True when a key's labels open either both or none. */
function sameLabels(some: readonly string[], others: readonly string[]): boolean {
  return some.every((label) => others.includes(label)) && others.every((label) => some.includes(label));
}
