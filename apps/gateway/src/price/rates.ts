import type { SatConversion } from '@farebox/lightning';
import { MethodUnavailable } from '@farebox/protocol';
import { type Decimal, formatDecimal } from './decimal.js';
import { fiatCurrency, fiatDecimals, satFor } from './fiat.js';
import { type Rate, type RatePlace, readRate } from './rate-source.js';

/** How the rate of a currency is known. */
export type RateConfig =
  | {
      readonly kind: 'fixed';
      readonly currency: string;
      /** What one bitcoin costs, for as long as the gateway runs. */
      readonly perBtc: Decimal;
    }
  | {
      readonly kind: 'read';
      readonly currency: string;
      readonly place: RatePlace;
      /** How often it is read. */
      readonly everyMs: number;
      /** A rate that is older sells nothing. */
      readonly ageMsMax: number;
    };

/** Rates that are kept fresh. */
export interface Rates {
  /** For the `lightning` method. Throws MethodUnavailable while the rate is unknown or too old. */
  readonly convert: SatConversion;
  /** Resolves when every rate was read once, or could not be. */
  readonly ready: Promise<void>;
  close(): void;
}

/** What a rate is kept with. */
export interface RatesOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when a rate could not be read; the last one goes on until it is too old. */
  readonly onFault: (currency: string, error: unknown) => void;
}

/** Begins to keep rates. Prices are converted with the last one that was read, and nobody waits for a source. */
export function openRates(configs: readonly RateConfig[], { now, onFault }: RatesOptions): Rates {
  const known = new Map<string, Rate>();
  const byCurrency = new Map(configs.map((config) => [config.currency, config] as const));
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  async function keep(config: RateConfig): Promise<void> {
    if (config.kind === 'fixed') return;
    const { currency, place, everyMs } = config;
    try {
      known.set(currency, await readRate(place, now()));
    } catch (error) {
      if (!closed) onFault(currency, error);
    }
    if (closed) return;
    const timer = setTimeout(() => void keep(config), everyMs);
    timer.unref();
    timers.set(currency, timer);
  }

  function rateOf(config: RateConfig, nowMs: number): Rate {
    if (config.kind === 'fixed') return { perBtc: config.perBtc, asOfMs: nowMs };
    const rate = known.get(config.currency);
    if (rate === undefined) throw new MethodUnavailable(`No rate for ${config.currency} is known yet.`);
    const ageMs = nowMs - rate.asOfMs;
    if (ageMs > config.ageMsMax) {
      throw new MethodUnavailable(
        `The rate for ${config.currency} is ${Math.round(ageMs / 1_000)} s old, and may be ${config.ageMsMax / 1_000} s; check its source.`,
      );
    }
    return rate;
  }

  return {
    convert(price, nowMs) {
      const currency = fiatCurrency(price);
      const config = currency === undefined ? undefined : byCurrency.get(currency);
      if (config === undefined) return undefined;
      const { perBtc, asOfMs } = rateOf(config, nowMs);
      const rate = {
        price: formatDecimal({ units: price.amount, scale: fiatDecimals }),
        currency: config.currency,
        rate: formatDecimal(perBtc),
        unit: 'BTC',
        asOfMs,
      };
      return { amountSat: satFor(price.amount, perBtc), rate };
    },
    ready: Promise.all(configs.map(keep)).then(() => {}),
    close() {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
