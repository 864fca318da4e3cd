import { defaultEffect, type Effect, type Terms } from '@farebox/gate';
import findMyWay from 'find-my-way';
import type { RouteAccessConfig } from '../config/access-config.js';
import type { GatewayConfig, RouteConfig } from '../config/config.js';
import { ROUTE_METHODS, type RouteMethod } from '../config/match.js';
import type { RouteHeaderRules } from '../http/header-rules.js';
import { createPriceTable } from '../price/price-table.js';
import type { Upstream } from '../upstream/upstream.js';
import { createLooseReading } from './loose-reading.js';

/** A route, ready to serve one request method. */
export interface Route {
  /** As written in the table: `GET /v1/bitcoin/*`. */
  readonly name: string;
  readonly upstream: Upstream;
  /** Goes in front of the path upstream. */
  readonly basePath: string;
  /** Characters to take off the front of the path. */
  readonly stripChars: number;
  readonly bodyBytesMax: number;
  /** Largest body, in bytes, that is passed through without payment; undefined: any. */
  readonly passedBytesMax: number | undefined;
  /** Undefined: the route is free. */
  readonly terms: Terms | undefined;
  /** A price depends on what the body says: it must be one that everybody reads as JSON. */
  readonly pricedByJson: boolean;
  /** Shadow mode: what would be charged is counted, and nothing is. */
  readonly shadow: boolean;
  readonly headerRules: RouteHeaderRules;
  /** What of it concerns keys and free requests. */
  readonly access: RouteAccessConfig;
  /** False for methods whose requests RFC 9110 §9.3 gives no content a meaning: GET, HEAD. */
  readonly effect: Effect;
}

/** What the table says about a request. */
export type Found =
  | { readonly kind: 'route'; readonly route: Route }
  /** The path is known, with these methods. */
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  /** Spelled so that an upstream could take it for what another route sells: not served. */
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'none' };

/** The one matcher. What it does not know is not served: there is no default route. */
export interface RouteTable {
  /** `path` in the normal form of `readTarget`. */
  find(method: string, path: string): Found;
}

/** Longest `:name` segment, in characters. The header limit bounds the rest. */
const paramCharsMax = 4_096;

/** Tells what is changed in the header sections of a route. */
export type HeaderRulesOf = (route: RouteConfig) => RouteHeaderRules;

const ambiguous: Found = { kind: 'ambiguous' };
const NO_RULES: RouteHeaderRules = { request: undefined, answer: undefined };

/** Builds the table. Immutable from then on. */
export function createRouteTable(
  config: GatewayConfig,
  upstreams: ReadonlyMap<string, Upstream>,
  headerRulesOf: HeaderRulesOf = () => NO_RULES,
): RouteTable {
  const matcher = findMyWay({ maxParamLength: paramCharsMax, caseSensitive: true });
  const loose = createLooseReading(paramCharsMax);

  const add = (method: RouteMethod, route: RouteConfig): void => {
    if (matcher.hasRoute(method, route.match.pattern)) return;
    const made = { ...routeFor(method, route, config, upstreams), headerRules: headerRulesOf(route) };
    matcher.on(method, route.match.pattern, () => {}, made);
    loose.add(method, route.match.pattern, made);
  };
  // A named method wins over GET's answer to HEAD, and that over ANY; `add` keeps what came first.
  const named = config.routes.filter((route) => !route.match.any);
  for (const route of named) for (const method of route.match.methods) add(method, route);
  for (const route of named) if (route.match.methods.includes('GET')) add('HEAD', route);
  for (const route of config.routes)
    if (route.match.any) for (const method of route.match.methods) add(method, route);
  matcher.compile();

  const lookUp = (method: RouteMethod, path: string): Route | undefined => {
    const found = matcher.find(method, path);
    // find-my-way types the store as any; only `add` above writes it.
    return found === null ? undefined : (found.store as Route | undefined);
  };
  return {
    find(method, path) {
      const known = knownMethod(method);
      const route = known === undefined ? undefined : lookUp(known, path);
      if (route !== undefined && known !== undefined)
        return loose.sellsAnother(known, path, route) ? ambiguous : { kind: 'route', route };
      const allow = ROUTE_METHODS.filter((other) => lookUp(other, path) !== undefined);
      return allow.length === 0 ? { kind: 'none' } : { kind: 'method', allow };
    },
  };
}

function knownMethod(method: string): RouteMethod | undefined {
  return ROUTE_METHODS.find((known) => known === method);
}

function routeFor(
  method: RouteMethod,
  route: RouteConfig,
  config: GatewayConfig,
  upstreams: ReadonlyMap<string, Upstream>,
): Omit<Route, 'headerRules'> {
  const upstream = upstreams.get(route.upstream);
  if (upstream === undefined) throw new Error(`No upstream is called ${route.upstream}.`);
  const effect = route.effect ?? (method === 'OPTIONS' ? 'safe' : defaultEffect(method));
  return {
    name: route.match.text,
    upstream,
    basePath: config.upstreams.get(route.upstream)?.basePath ?? '',
    stripChars: route.stripPrefix.length,
    bodyBytesMax: route.bodyBytesMax,
    passedBytesMax: route.passedBytesMax,
    shadow: route.shadow,
    access: route.access,
    effect,
    pricedByJson: route.priceRows.some(({ when }) => when.body !== undefined),
    terms: route.offers.length === 0 ? undefined : termsOf(route, effect),
  };
}

function termsOf(route: RouteConfig, effect: Effect): Terms {
  const { match, offers, priceRows, chargeOn, onUnknown } = route;
  const offersFor = priceRows.length === 0 ? undefined : createPriceTable(priceRows, offers);
  return { route: match.text, offers, offersFor, effect, chargeOn, onUnknown };
}

/** The request target for the upstream. */
export function upstreamTarget(route: Route, path: string, query: string): string {
  const rest = route.stripChars === 0 ? path : path.slice(route.stripChars);
  return query === '' ? route.basePath + rest : `${route.basePath}${rest}?${query}`;
}
