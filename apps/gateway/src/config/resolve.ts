import { isAbsolute, resolve } from 'node:path';
import { attemptsMaxDefault, redeliveriesMaxDefault, replayWindowMsDefault } from '@farebox/gate';
import {
  bodyBytesMaxDefault,
  challengeLifeMsDefault,
  challengeLifeMsMax,
  challengeLifeMsMin,
  creditWindowMsDefault,
  type GatewayConfig,
  headerBytesMaxDefault,
  type LedgerConfig,
  listenDefault,
  type RedemptionConfig,
  type RouteConfig,
  retentionMsDefault,
  retentionMsMin,
} from './config.js';
import { parseDuration } from './duration.js';
import type { RawIssue } from './issues.js';
import { parseListen } from './listen.js';
import { type Match, parseMatch } from './match.js';
import { resolveCatalog, resolveRouteCatalog } from './resolve-catalog.js';
import { resolveCors } from './resolve-cors.js';
import { resolveMintBudget, resolvePool, resolveProxies, resolveRates } from './resolve-limits.js';
import {
  type Absolute,
  type PriceUnits,
  type Report,
  resolveOffers,
  resolvePriceRows,
  resolveTempo,
} from './resolve-methods.js';
import { type Environment, resolveNode } from './resolve-node.js';
import { resolveAdmin, resolveKeys, resolveRouteAccess } from './resolve-plans.js';
import { resolveHeaders, resolveTls, resolveUpstream } from './resolve-upstream.js';
import type { ConfigInput } from './schema.js';
import { suggest } from './suggest.js';

/** The paths that `healthz` takes for itself. */
export const healthPaths: readonly string[] = ['/healthz', '/readyz'];

/**
 * Fills in defaults, makes paths absolute (from `directory`), and checks what one key says about another.
 * `input` has passed the schema, so every text can be read. `environment` may name the Lightning node.
 */
export function resolveConfig(
  input: ConfigInput,
  directory: string,
  environment: Environment,
): { readonly config: GatewayConfig; readonly issues: readonly RawIssue[] } {
  const issues: RawIssue[] = [];
  const report: Report = (path, message, atKey = false) => void issues.push({ path, message, atKey });
  const absolute: Absolute = (path) => (isAbsolute(path) ? path : resolve(directory, path));

  const listen = parseListen(input.listen ?? listenDefault) ?? { host: '127.0.0.1', port: 8402 };
  const challengeLifeMs = millis(input.challenge_life, challengeLifeMsDefault);
  if (challengeLifeMs < challengeLifeMsMin || challengeLifeMs > challengeLifeMsMax) {
    report(['challenge_life'], `was given "${input.challenge_life}"; write a duration from 10s to 24h.`);
  }
  const bodyBytesMax = input.limits?.body_bytes ?? bodyBytesMaxDefault;
  const upstreams = new Map(
    Object.entries(input.upstreams).map(
      ([name, value]) => [name, resolveUpstream(name, value, absolute)] as const,
    ),
  );
  const tempo = resolveTempo(input, absolute, report);
  const rates = resolveRates(input, absolute, report);
  const units: PriceUnits = { tempo, currencies: new Set(rates.map(({ currency }) => currency)) };
  const routes = input.routes.map((route, index) =>
    resolveRoute(route, index, [...upstreams.keys()], bodyBytesMax, units, absolute, report),
  );
  const healthz = input.healthz ?? true;
  checkRoutes(routes, healthz, report);
  const ledger = resolveLedger(input, absolute, report);
  const takesLightning = routes.some(({ offers }) => offers.some(({ method }) => method === 'lightning'));
  const node = resolveNode(input, environment, takesLightning, absolute, report);
  return {
    issues,
    config: {
      realm: input.realm,
      listen,
      tls: resolveTls(input, absolute),
      metricsListen: input.metrics === undefined ? undefined : parseListen(input.metrics.listen),
      forwarded: input.forwarded ?? 'x-forwarded',
      catalog: resolveCatalog(input, listen, absolute),
      cors: resolveCors(input, report),
      secrets: input.secrets ?? [],
      secretFile: input.secret_file === undefined ? undefined : absolute(input.secret_file),
      ledger,
      keys: resolveKeys(input, ledger, absolute, report),
      admin: resolveAdmin(input, absolute),
      redemption: resolveRedemption(input.redemption, report),
      node,
      pool: resolvePool(input, report),
      tempo,
      rates,
      trustedProxies: resolveProxies(input),
      mintBudget: resolveMintBudget(input),
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

function resolveRoute(
  input: ConfigInput['routes'][number],
  index: number,
  upstreams: readonly string[],
  bodyBytesMax: number,
  units: PriceUnits,
  absolute: Absolute,
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
  if (input.on_unknown !== undefined && input.effect !== undefined && input.effect !== 'once')
    report(['routes', index, 'on_unknown'], 'is for routes with effect: once.', true);
  const match = parseMatch(input.match) ?? { text: input.match, any: false, methods: [], pattern: '/' };
  const stripPrefix = input.strip_prefix ?? '';
  if (stripPrefix !== '' && !match.pattern.startsWith(`${stripPrefix}/`)) {
    report(
      ['routes', index, 'strip_prefix'],
      `was given "${stripPrefix}"; write the literal beginning of "${match.pattern}", up to before a slash.`,
    );
  }
  const offers = resolveOffers(input, units, ['routes', index, 'price'], report);
  if (input.mode === 'shadow' && offers.length === 0)
    report(['routes', index, 'mode'], 'is for routes with a price: a free one charges nobody.', true);
  return {
    match,
    upstream: input.upstream,
    description: input.description,
    catalog: resolveRouteCatalog(input, match, index, report),
    access: resolveRouteAccess(input, offers.length > 0, index, report),
    offers,
    priceRows: resolvePriceRows(input, offers, units, ['routes', index, 'prices'], report),
    effect: input.effect,
    chargeOn: input.charge_on === 'any_response' ? 'any-response' : 'success',
    onUnknown: input.on_unknown === 'ask_again' ? 'ask-again' : 'hold',
    bodyBytesMax: input.body?.max_bytes ?? bodyBytesMax,
    passedBytesMax: input.body?.max_bytes,
    stripPrefix,
    shadow: input.mode === 'shadow',
    headers: resolveHeaders(input.headers, absolute),
    responseHeaders: resolveHeaders(input.response_headers, absolute),
  };
}

/** Two routes for one request would mean two prices: the second is an error, not a fallback. */
function checkRoutes(routes: readonly RouteConfig[], healthz: boolean, report: Report): void {
  const taken = new Map<string, string>();
  for (const [index, route] of routes.entries()) {
    const shape = shapeOf(route.match);
    if (healthz && healthPaths.includes(shape)) {
      report(['routes', index, 'match'], `${shape} is the gateway's own; set healthz: false to route it.`);
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

function resolveLedger(input: ConfigInput, absolute: (path: string) => string, report: Report): LedgerConfig {
  const { ledger, ledger_file: file, ledger_schema: schema } = input;
  if (ledger !== undefined && file !== undefined)
    report(['ledger_file'], 'stands beside ledger; keep one of them.', true);
  const postgres = file !== undefined || ledger?.startsWith('postgres') === true;
  if (schema !== undefined && !postgres) report(['ledger_schema'], 'is for a postgres:// ledger.', true);
  if (postgres) {
    return {
      kind: 'postgres',
      url: ledger,
      urlFile: file === undefined ? undefined : absolute(file),
      schema,
    };
  }
  const path = (ledger ?? 'sqlite:farebox.db').slice('sqlite:'.length);
  return { kind: 'sqlite', path: path === ':memory:' ? path : absolute(path) };
}

function resolveRedemption(input: ConfigInput['redemption'], report: Report): RedemptionConfig {
  const retentionMs = millis(input?.keep_claims, retentionMsDefault);
  if (retentionMs < retentionMsMin)
    report(['redemption', 'keep_claims'], `was given "${input?.keep_claims}"; write a duration from 8d.`);
  return {
    redeliveriesMax: input?.redeliveries ?? redeliveriesMaxDefault,
    attemptsMax: input?.attempts ?? attemptsMaxDefault,
    creditWindowMs: millis(input?.credit_window, creditWindowMsDefault),
    replayWindowMs: millis(input?.replay_window, replayWindowMsDefault),
    retentionMs,
    acceptPaidInTime: input?.paid_in_time === 'accept',
  };
}
