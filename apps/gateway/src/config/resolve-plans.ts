import { planNameDefault } from '../keys/key.js';
import { keyPrefixDefault } from '../keys/secret.js';
import { type LimitWindow, longestMs, type Plan } from '../limits/window.js';
import {
  type AdminConfig,
  adminListenDefault,
  type KeyStoreConfig,
  type KeysConfig,
  type RouteAccessConfig,
} from './access-config.js';
import type { LedgerConfig } from './config.js';
import { parseDuration } from './duration.js';
import { parseListen } from './listen.js';
import type { Absolute, Report } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** Shortest window of a rate. */
export const rateWindowMsMin = 1_000;
/** Longest window of a rate; longer ones are quotas. */
export const rateWindowMsMax = 24 * 3_600_000;
/** The header field that holds a key. */
export const keyHeaderDefault = 'x-api-key';
/** The schema of keys is named after that of the ledger. */
const schemaSuffix = '_keys';
const ledgerSchemaDefault = 'farebox';
const schemaCharsMax = 63;

/** The plan of keys that name none, where the configuration has no `default`. */
export const defaultPlan: Plan = {
  name: planNameDefault,
  windows: [rateWindow(10, '1s', 1_000), rateWindow(600, '1m', 60_000)],
  concurrency: undefined,
  keyLifeMs: undefined,
};

/** How keys are sold; undefined when they are not. */
export function resolveKeys(
  input: ConfigInput,
  ledger: LedgerConfig,
  absolute: Absolute,
  report: Report,
): KeysConfig | undefined {
  const plans = new Map([[defaultPlan.name, defaultPlan]]);
  for (const [name, plan] of Object.entries(input.plans ?? {}))
    plans.set(name, resolvePlan(name, plan, report));
  const { keys } = input;
  const counted = input.routes.some(({ free }) => free?.by === 'key');
  if (keys === undefined) {
    if (input.plans !== undefined) report(['plans'], 'are for keys; add keys: {} to sell by key.', true);
    if (counted) report(['keys'], 'is required while a route has free requests by key; write keys: {}.');
    return undefined;
  }
  return {
    header: (keys.header ?? keyHeaderDefault).toLowerCase(),
    prefix: keys.prefix ?? keyPrefixDefault,
    store: resolveStore(keys.store, ledger, absolute, report),
    plans,
    labels: new Set(input.routes.flatMap(({ labels = [] }) => labels)),
  };
}

function resolveStore(
  given: string | undefined,
  ledger: LedgerConfig,
  absolute: Absolute,
  report: Report,
): KeyStoreConfig {
  if (ledger.kind === 'postgres') {
    if (given !== undefined)
      report(
        ['keys', 'store'],
        'is not for a ledger in PostgreSQL, where keys are shared; leave it out.',
        true,
      );
    const schema = `${ledger.schema ?? ledgerSchemaDefault}${schemaSuffix}`;
    if (schema.length > schemaCharsMax)
      report(['ledger_schema'], `is too long: with "${schemaSuffix}" it names the schema of keys too.`);
    return { kind: 'postgres', schema };
  }
  if (given !== undefined) {
    const path = given.slice('sqlite:'.length);
    return { kind: 'sqlite', path: path === ':memory:' ? path : absolute(path) };
  }
  return { kind: 'sqlite', path: keysPathBeside(ledger.path) };
}

/** The file of keys beside a ledger's: `farebox.db` has `farebox.keys.db`. */
export function keysPathBeside(ledgerPath: string): string {
  return ledgerPath === ':memory:' ? ledgerPath : `${ledgerPath.replace(/\.db$/, '')}.keys.db`;
}

function resolvePlan(name: string, input: NonNullable<ConfigInput['plans']>[string], report: Report): Plan {
  const windows: LimitWindow[] = [];
  for (const [index, { requests, per }] of (input.rate ?? []).entries()) {
    const ms = parseDuration(per) ?? 0;
    if (ms < rateWindowMsMin || ms > rateWindowMsMax || ms % 1_000 !== 0)
      report(
        ['plans', name, 'rate', index, 'per'],
        `was given "${per}"; write whole seconds up to 24h, or a quota.`,
      );
    windows.push(rateWindow(requests, per, ms));
  }
  for (const { requests, per } of input.quota ?? [])
    windows.push({ name: per, requests, length: { kind: 'calendar', unit: per } });
  const names = windows.map((window) => window.name);
  if (new Set(names).size < names.length)
    report(['plans', name], 'has two windows of one length; keep the smaller one.');
  return {
    name,
    windows: windows.sort((a, b) => longestMs(a) - longestMs(b)),
    concurrency: input.concurrency,
    keyLifeMs: input.key_life === undefined ? undefined : parseDuration(input.key_life),
  };
}

function rateWindow(requests: number, name: string, ms: number): LimitWindow {
  return { name, requests, length: { kind: 'stretch', ms } };
}

/** What of a route concerns keys and free requests. */
export function resolveRouteAccess(
  input: ConfigInput['routes'][number],
  sold: boolean,
  index: number,
  report: Report,
): RouteAccessConfig {
  const { labels = [], free, forward_key: forwardKey = false } = input;
  if (free !== undefined && !sold)
    report(['routes', index, 'free'], 'is for routes with a price: all of a free route is free.', true);
  return {
    labels,
    free:
      free === undefined
        ? undefined
        : { requests: free.requests, per: free.per ?? 'day', by: free.by ?? 'client' },
    forwardKey,
  };
}

/** Where the admin API is; undefined: nowhere. */
export function resolveAdmin({ admin }: ConfigInput, absolute: Absolute): AdminConfig | undefined {
  if (admin === undefined) return undefined;
  const listen = parseListen(admin.listen ?? adminListenDefault) ?? { host: '127.0.0.1', port: 8403 };
  return { listen, tokenFile: absolute(admin.token_file) };
}
