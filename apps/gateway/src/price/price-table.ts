import { type PricedRequest, Unpriced } from '@farebox/gate';
import type { Offer } from '@farebox/protocol';
import { readJsonBody } from './json-body.js';
import { valueAt } from './json-pointer.js';

/** When a row of a price table fits a request: all of what it says must hold. */
export interface PriceCondition {
  /** Request methods, one of which it must have. */
  readonly methods?: readonly string[];
  /** Its path, or, with a `*` at the end, the path's beginning. */
  readonly path?: string;
  /** Parameters of the query and their values; `*` for any. */
  readonly query?: Readonly<Record<string, string>>;
  /** Values in the JSON body by JSON pointer; `*` for any. */
  readonly body?: Readonly<Record<string, string | number | boolean>>;
  /** Least number of bytes that the body has. */
  readonly bodyBytesMin?: number;
}

/** One row of a price table. */
export interface PriceRow {
  readonly when: PriceCondition;
  readonly offers: readonly Offer[];
}

/** Stands for any value in a {@link PriceCondition}. */
export const anyValue = '*';

/**
 * Makes the price of a request out of a table: the offers of the first row that fits, else those of the route.
 *
 * What could be read in two ways is not sold at all, because the upstream might read it in the dearer one: a query
 * parameter that a row asks for and that stands there twice, a query with a `;`, which some servers take for `&`, a body that a row looks into and that is not plain JSON, or
 * has a member twice.
 *
 * @throws Unpriced from what it returns, with what the client has to do
 */
export function createPriceTable(
  rows: readonly PriceRow[],
  otherwise: readonly Offer[],
): (request: PricedRequest) => readonly Offer[] {
  const parameters = new Set(rows.flatMap(({ when }) => Object.keys(when.query ?? {})));
  const looksIntoBody = rows.some(({ when }) => when.body !== undefined);

  return function priceOf(request) {
    const query = parameters.size === 0 ? undefined : readParameters(request.query, parameters);
    const hasBody = request.body !== undefined && request.body.length > 0;
    const body = looksIntoBody && hasBody ? readJsonBody(request.body) : undefined;
    const row = rows.find(({ when }) => fits(when, request, query, body));
    return row?.offers ?? otherwise;
  };
}

function readParameters(text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, string> {
  // As it stands: one that is written %3B separates nothing anywhere.
  if (text.includes(';'))
    throw new Unpriced(
      'The query has a ;, which can be read in two ways; write & between parameters, and %3B in them.',
    );
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!wanted.has(name)) continue;
    if (found.has(name)) throw new Unpriced(`The query names ${name} twice; name it once.`);
    found.set(name, value);
  }
  return found;
}

function fits(
  when: PriceCondition,
  request: PricedRequest,
  query: ReadonlyMap<string, string> | undefined,
  body: unknown,
): boolean {
  const { methods, path, bodyBytesMin } = when;
  if (methods !== undefined && !methods.includes(request.method)) return false;
  if (path !== undefined && !fitsPath(path, request.path)) return false;
  if (bodyBytesMin !== undefined && (request.body?.length ?? 0) < bodyBytesMin) return false;
  for (const [name, value] of Object.entries(when.query ?? {})) {
    const found = query?.get(name);
    if (found === undefined || (value !== anyValue && found !== value)) return false;
  }
  for (const [pointer, value] of Object.entries(when.body ?? {})) {
    const found = valueAt(body, pointer);
    if (found === undefined || (value !== anyValue && found !== value)) return false;
  }
  return true;
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
