import type { MintBudgetOptions } from '@farebox/gate';
import { type Network, parseNetwork } from '../client-address.js';
import { parseDecimal } from '../price/decimal.js';
import type { RatePlace } from '../price/rate-source.js';
import type { RateConfig } from '../price/rates.js';
import type { PoolConfig } from './config.js';
import { parseDuration } from './duration.js';
import type { Absolute, Report } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** Default for the challenges that one client may have issued and not pay. */
export const clientBudgetDefault = { perSecond: 10, burst: 100 };
/** Default for those of all clients. */
export const globalBudgetDefault = { perSecond: 100, burst: 500 };
/** Default for how often a rate is read. */
export const rateEveryMsDefault = 60_000;
/** Default for the age at which a rate sells nothing any more. */
export const rateAgeMsMaxDefault = 15 * 60_000;
/** Shortest time for which an invoice may be kept ready. */
export const poolAgeMsMin = 10_000;
/** Longest time for which an invoice may be kept ready. */
export const poolAgeMsMax = 24 * 3_600_000;

/** The proxies that are believed. */
export function resolveProxies(input: ConfigInput): Network[] {
  return (input.trusted_proxies ?? []).flatMap((text) => parseNetwork(text) ?? []);
}

/** The mint budget; undefined when it is off. */
export function resolveMintBudget({ mint_budget: input }: ConfigInput): MintBudgetOptions | undefined {
  if (input === 'off') return undefined;
  const rateOf = (given: { per_second: number; burst: number } | undefined) =>
    given === undefined ? undefined : { perSecond: given.per_second, burst: given.burst };
  return {
    client: rateOf(input?.client) ?? clientBudgetDefault,
    global: rateOf(input?.global) ?? globalBudgetDefault,
  };
}

/** The pool of invoices; undefined when it is off. */
export function resolvePool(input: ConfigInput, report: Report): PoolConfig | undefined {
  const pool = input.lightning?.pool;
  if (pool === 'off') return undefined;
  const ageMsMax = pool?.age === undefined ? undefined : parseDuration(pool.age);
  if (ageMsMax !== undefined && (ageMsMax < poolAgeMsMin || ageMsMax > poolAgeMsMax))
    report(['lightning', 'pool', 'age'], `was given "${pool?.age}"; write a duration from 10s to 24h.`);
  return { size: pool?.size, ageMsMax };
}

/** The rates that prices are converted with. */
export function resolveRates(input: ConfigInput, absolute: Absolute, report: Report): RateConfig[] {
  const tokens = Object.keys(input.tempo?.tokens ?? {});
  return Object.entries(input.rates ?? {}).flatMap(([currency, source]): RateConfig[] => {
    if (tokens.includes(currency))
      report(['rates', currency], 'is also a token under tempo.tokens; give the token another name.', true);
    if ('fixed' in source) {
      const perBtc = parseDecimal(String(source.fixed));
      return perBtc === undefined ? [] : [{ kind: 'fixed', currency, perBtc }];
    }
    const everyMs = millis(source.every, rateEveryMsDefault);
    const ageMsMax = millis(source.max_age, rateAgeMsMaxDefault);
    if (ageMsMax <= everyMs)
      report(['rates', currency], 'becomes too old before it is read again; make max_age longer than every.');
    const place = { at: source.at ?? '', asOf: source.as_of };
    return [
      {
        kind: 'read',
        currency,
        everyMs,
        ageMsMax,
        place: { ...placeOf(currency, source, input, absolute, report), ...place },
      },
    ];
  });
}

type ReadSource = Exclude<NonNullable<ConfigInput['rates']>[string], { fixed: unknown }>;

/** Where a rate is read. What an upstream is asked for is a URL of the seller's own, so it may be http. */
function placeOf(
  currency: string,
  source: ReadSource,
  { upstreams }: ConfigInput,
  absolute: Absolute,
  report: Report,
): Pick<RatePlace, 'kind' | 'from'> {
  if ('file' in source) return { kind: 'file', from: absolute(source.file) };
  if ('url' in source) return { kind: 'url', from: source.url };
  const upstream = upstreams[source.upstream];
  if (upstream === undefined) {
    report(['rates', currency, 'upstream'], `was given "${source.upstream}", which is not under upstreams.`);
    return { kind: 'upstream', from: '' };
  }
  const base = typeof upstream === 'string' ? upstream : upstream.url;
  return { kind: 'upstream', from: `${base.replace(/\/+$/, '')}${source.path}` };
}

function millis(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}
