import { isAbsolute, resolve } from 'node:path';
import {
  bodyBytesMaxDefault,
  challengeLifeMsDefault,
  challengeLifeMsMax,
  challengeLifeMsMin,
  connectionsDefault,
  connectTimeoutMsDefault,
  type GatewayConfig,
  headerBytesMaxDefault,
  headersTimeoutMsDefault,
  idleTimeoutMsDefault,
  listenDefault,
  type NodeConfig,
  type RouteConfig,
  type UpstreamConfig,
} from './config.js';
import { parseDuration } from './duration.js';
import type { KeyPath, RawIssue } from './issues.js';
import { parseListen } from './listen.js';
import { type Match, parseMatch } from './match.js';
import { parsePrice } from './price.js';
import type { ConfigInput } from './schema.js';
import { suggest } from './suggest.js';

/** The path that `healthz` takes for itself. */
export const healthPath = '/healthz';

type Report = (path: KeyPath, message: string, atKey?: boolean) => void;

/**
 * Fills in defaults, makes paths absolute (from `directory`), and checks what one key says about another.
 * `input` has passed the schema, so every text can be read.
 */
export function resolveConfig(
  input: ConfigInput,
  directory: string,
): { readonly config: GatewayConfig; readonly issues: readonly RawIssue[] } {
  const issues: RawIssue[] = [];
  const report: Report = (path, message, atKey = false) => void issues.push({ path, message, atKey });
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(directory, path));

  const challengeLifeMs = millis(input.challenge_life, challengeLifeMsDefault);
  if (challengeLifeMs < challengeLifeMsMin || challengeLifeMs > challengeLifeMsMax) {
    report(['challenge_life'], `was given "${input.challenge_life}"; write a duration from 10s to 24h.`);
  }
  const bodyBytesMax = input.limits?.body_bytes ?? bodyBytesMaxDefault;
  const upstreams = new Map(
    Object.entries(input.upstreams).map(([name, value]) => [name, resolveUpstream(name, value)] as const),
  );
  const routes = input.routes.map((route, index) =>
    resolveRoute(route, index, [...upstreams.keys()], bodyBytesMax, report),
  );
  const healthz = input.healthz ?? true;
  checkRoutes(routes, healthz, report);
  const node = resolveNode(input, absolute);
  if (node === undefined && routes.some((route) => route.offers.length > 0)) {
    report(['lightning'], 'is required while a route has a price: a mapping with node.');
  }
  const ledger = (input.ledger ?? 'sqlite:farebox.db').slice('sqlite:'.length);
  return {
    issues,
    config: {
      realm: input.realm,
      listen: parseListen(input.listen ?? listenDefault) ?? { host: '127.0.0.1', port: 8402 },
      secrets: input.secrets ?? [],
      secretFile: input.secret_file === undefined ? undefined : absolute(input.secret_file),
      ledgerPath: ledger === ':memory:' ? ledger : absolute(ledger),
      node,
      upstreams,
      routes,
      strict402: input.strict_402 ?? false,
      unavailableStatus: input.unavailable_status ?? 500,
      challengeLifeMs,
      healthz,
      limits: { headerBytesMax: input.limits?.header_bytes ?? headerBytesMaxDefault, bodyBytesMax },
    },
  };
}

function millis(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}

function resolveUpstream(name: string, value: ConfigInput['upstreams'][string]): UpstreamConfig {
  const given = typeof value === 'string' ? { url: value } : value;
  const url = new URL(given.url);
  return {
    name,
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    connectTimeoutMs: millis(given.connect_timeout, connectTimeoutMsDefault),
    headersTimeoutMs: millis(given.headers_timeout, headersTimeoutMsDefault),
    idleTimeoutMs: millis(given.idle_timeout, idleTimeoutMsDefault),
    connections: given.connections ?? connectionsDefault,
  };
}

function resolveRoute(
  input: ConfigInput['routes'][number],
  index: number,
  upstreams: readonly string[],
  bodyBytesMax: number,
  report: Report,
): RouteConfig {
  if (!upstreams.includes(input.upstream)) {
    const meant = suggest(input.upstream, upstreams);
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    const known = upstreams.length === 0 ? 'There are none yet.' : `There are: ${upstreams.join(', ')}.`;
    report(
      ['routes', index, 'upstream'],
      `was given "${input.upstream}", which is not under upstreams.${hint} ${known}`,
    );
  }
  const match = parseMatch(input.match) ?? { text: input.match, any: false, methods: [], pattern: '/' };
  const stripPrefix = input.strip_prefix ?? '';
  if (stripPrefix !== '' && !match.pattern.startsWith(`${stripPrefix}/`)) {
    report(
      ['routes', index, 'strip_prefix'],
      `was given "${stripPrefix}"; write the literal beginning of "${match.pattern}", up to before a slash.`,
    );
  }
  const price = parsePrice(input.price);
  const description = input.description === undefined ? {} : { description: input.description };
  return {
    match,
    upstream: input.upstream,
    offers:
      price?.kind === 'paid'
        ? [{ method: 'lightning', intent: 'charge', price: price.amount, ...description }]
        : [],
    effect: input.effect,
    bodyBytesMax: input.body?.max_bytes ?? bodyBytesMax,
    stripPrefix,
  };
}

/** Two routes for one request would mean two prices: the second is an error, not a fallback. */
function checkRoutes(routes: readonly RouteConfig[], healthz: boolean, report: Report): void {
  const taken = new Map<string, string>();
  for (const [index, route] of routes.entries()) {
    const shape = shapeOf(route.match);
    if (healthz && shape === healthPath) {
      report(
        ['routes', index, 'match'],
        `${healthPath} is the gateway's own; set healthz: false to route it.`,
      );
    }
    for (const method of route.match.methods) {
      // GET /a and ANY /a may stand together: the named method wins over ANY. Two of a kind may not.
      const key = `${route.match.any ? 'ANY' : method} ${shape}`;
      const before = taken.get(key);
      if (before !== undefined && before !== String(index)) {
        report(
          ['routes', index, 'match'],
          `"${route.match.text}" answers the same requests as routes[${before}]; keep one.`,
        );
        break;
      }
      taken.set(key, String(index));
    }
  }
}

/** The pattern with its names taken out: `/a/:b` and `/a/:c` are the same to a request. */
function shapeOf(match: Match): string {
  return match.pattern.replace(/:[A-Za-z_][A-Za-z0-9_]*/g, ':');
}

function resolveNode(input: ConfigInput, absolute: (path: string) => string): NodeConfig | undefined {
  const node = input.lightning?.node;
  if (node === undefined) return undefined;
  return {
    kind: node.kind,
    url: node.url,
    tokenFile: node.token_file === undefined ? undefined : absolute(node.token_file),
  };
}
