import findMyWay from 'find-my-way';
import type { RouteMethod } from '../config/match.js';
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
  /** Some pattern ends with a slash, so that a path without one may be meant for it. */
  let slashEnded = false;
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
      slashEnded ||= pattern.length > 1 && pattern.endsWith('/');
      const entry: Entry = { route, open: pattern.endsWith('*') };
      const loose = withoutNames(pattern.toLowerCase());
      const known = matcher.findRoute(method, loose);
      if (known === null) matcher.on(method, loose, () => {}, [entry]);
      // As above.
      else (known.store as Entry[]).push(entry);
    },
    sellsAnother(method, path, route) {
      if (!slashEnded && PLAIN.test(path)) return false;
      const loose = loosely(path);
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
  return pattern.replace(/:[a-z_][a-z0-9_]*/g, () => `:p${count++}`);
}

interface Entry {
  readonly route: Route;
  /** It takes in everything below its path. */
  readonly open: boolean;
}

/** The freest reading: decoded, in the plainest characters, cut where a query or a fragment might begin, without parameters. */
function loosely(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path);
  } catch {
    // Not UTF-8: nothing that decodes it finds anything either.
  }
  text = text.normalize('NFKC').replace(/[?#].*$/s, '');
  const segments = text.replaceAll('\\', '/').split('/');
  const kept: string[] = [''];
  for (const segment of segments.slice(1)) {
    // Trailing dots and blanks are cut by some file systems.
    const name = segment.replace(/;.*$/s, '').replace(/(?<=[^.\s])[.\s]+$/u, '');
    if (name === '..') kept.length = Math.max(1, kept.length - 1);
    else if (name !== '.' && name !== '') kept.push(name);
  }
  const last = segments.at(-1);
  if (last === '' || kept.length === 1) kept.push('');
  // Encoded again as far as the matcher would decode it, so that it sees what is meant.
  return kept.map((name) => encodeURI(name).replace(/[?#]/g, encodeURIComponent)).join('/');
}

/** True when a request that is sold as `asked` would cost more as `meant`, or be paid in a way that `asked` has not. */
function isDearer(meant: Route, asked: Route): boolean {
  if (meant.terms === undefined || meant.shadow) return false;
  if (asked.terms === undefined || asked.shadow) return true;
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
