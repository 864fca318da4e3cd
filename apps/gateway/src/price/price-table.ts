import { type PricedRequest, Unpriced } from '@farebox/gate';
import type { Offer } from '@farebox/protocol';
import { loosePath } from '../route/loose-path.js';
import { readJsonBody } from './json-body.js';
import { findLookalike, valueAt } from './json-pointer.js';
import { looseParameter } from './loose-name.js';

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
 * parameter that a row asks for and that stands there twice or in another spelling, a query with a `;`, which some servers
 * take for `&`, a path that a row fits only for servers that read paths freely (or only for those that do not), a body that a
 * row looks into and that is not plain JSON, has a member twice, or in another spelling what the row asks for.
 *
 * The fields that tell how a body is to be read are not among what a price may depend on: see `jsonTypeFault`.
 *
 * @throws Unpriced from what it returns, with what the client has to do
 */
export function createPriceTable(
  rows: readonly PriceRow[],
  otherwise: readonly Offer[],
): (request: PricedRequest) => readonly Offer[] {
  const parameters = new Set(rows.flatMap(({ when }) => Object.keys(when.query ?? {})));
  const loosely = new Map([...parameters].map((name) => [looseParameter(name), name]));
  const pointers = rows.some(({ when }) => when.body !== undefined)
    ? new Set(rows.flatMap(({ when }) => Object.keys(when.body ?? {})))
    : undefined;
  const looksAtPath = rows.some(({ when }) => when.path !== undefined);
  const prepared = rows.map(({ when, offers }) => ({ when, offers, fitsPath: createPathTest(when.path) }));

  return function priceOf(request) {
    const query = parameters.size === 0 ? undefined : readParameters(request.query, parameters, loosely);
    const body = pointers === undefined ? undefined : readBody(request.body, pointers);
    const loose = looksAtPath ? loosePath(request.path) : '';
    const row = prepared.find(
      ({ when, fitsPath }) => fits(when, request, query, body) && fitsPath(request.path, loose),
    );
    return row?.offers ?? otherwise;
  };
}

function readBody(bytes: Uint8Array | undefined, pointers: ReadonlySet<string>): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const body = readJsonBody(bytes);
  const alike = findLookalike(body, pointers);
  if (alike !== undefined)
    throw new Unpriced(`The body has ${alike} in another spelling; write it as it stands here, and once.`);
  return body;
}

/** @param loosely for the loose reading of each name that is wanted the name itself */
function readParameters(
  text: string,
  wanted: ReadonlySet<string>,
  loosely: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  // As it stands: one that is written %3B separates nothing anywhere.
  if (text.includes(';'))
    throw new Unpriced(
      'The query has a ;, which can be read in two ways; write & between parameters, and %3B in them.',
    );
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!wanted.has(name)) {
      const meant = loosely.get(looseParameter(name));
      if (meant === undefined) continue;
      throw new Unpriced(`The query has ${meant} in another spelling; write it as it stands here, and once.`);
    }
    if (found.has(name)) throw new Unpriced(`The query names ${name} twice; name it once.`);
    found.set(name, value);
  }
  return found;
}

/** True when all holds that a row says, but for the path. */
function fits(
  when: PriceCondition,
  request: PricedRequest,
  query: ReadonlyMap<string, string> | undefined,
  body: unknown,
): boolean {
  const { methods, bodyBytesMin } = when;
  if (methods !== undefined && !methods.includes(request.method)) return false;
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

/** Tells whether a row fits a path. Throws Unpriced when servers could disagree about it. */
type PathTest = (path: string, loose: string) => boolean;

function createPathTest(pattern: string | undefined): PathTest {
  if (pattern === undefined) return () => true;
  const exactly = createMatch(pattern);
  const loosely = createMatch(looselyWritten(pattern));
  const open = pattern.endsWith('*');
  return (path, loose) => {
    const fits = exactly(path);
    // A slash at the end makes a difference to whoever takes in everything below a path, and to nobody else.
    if (fits === (loosely(loose) || (!open && loosely(otherEnd(loose))))) return fits;
    throw new Unpriced('The path is spelled so that it could be taken for another one with another price.');
  };
}

function createMatch(pattern: string): (path: string) => boolean {
  if (!pattern.endsWith('*')) return (path) => path === pattern;
  const start = pattern.slice(0, -1);
  return (path) => path.startsWith(start);
}

/** A pattern in terms of `loosePath`. What begins a path need not end where a segment does, so it is no path by itself. */
function looselyWritten(pattern: string): string {
  if (!pattern.endsWith('*')) return loosePath(pattern);
  const more = loosePath(`${pattern.slice(0, -1)}x`);
  return more.endsWith('x') ? `${more.slice(0, -1)}*` : `${more}*`;
}

/** The path with a slash at its end, or without it. */
function otherEnd(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}
