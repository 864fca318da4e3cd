import { isDeepStrictEqual } from 'node:util';
import type { GatewayConfig } from '../config/config.js';

/** What a configuration that was read again cannot be used for. Nothing of it is in force. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
  readonly code = 'reload_refused';
}

/** What of the configuration stays as it was at the start, by the name that it has in `farebox.yaml`. */
const FIXED: readonly (readonly [key: string, of: (config: GatewayConfig) => unknown])[] = [
  // In the HMAC of every challenge.
  ['realm', ({ realm }) => realm],
  ['listen', ({ listen }) => listen],
  ['tls', ({ tls }) => tls !== undefined],
  ['metrics', ({ metricsListen }) => metricsListen],
  // What has been paid for stands there.
  ['ledger', ({ ledger }) => ledger],
  ['lightning.node', ({ node }) => node],
  ['lightning.pool', ({ pool }) => pool],
  ['tempo', ({ tempo }) => tempo],
  // The plans change; where keys and counts are does not.
  ['keys.store', ({ keys }) => keys?.store],
  ['admin', ({ admin }) => admin],
  ['limits.header_bytes', ({ limits }) => limits.headerBytesMax],
];

/** A configuration as it can be put in force while the gateway runs. */
export interface Reloadable {
  readonly config: GatewayConfig;
  /** Keys, as in `farebox.yaml`, whose new values need a restart. */
  readonly kept: readonly string[];
}

/** The store of keys is opened once, by the first configuration that has keys. */
function keysOf({ keys: open }: GatewayConfig, { keys }: GatewayConfig): GatewayConfig['keys'] {
  return keys === undefined || open === undefined ? keys : { ...keys, store: open.store };
}

/**
 * Puts a new configuration on what a running gateway is built on: what cannot change keeps its value.
 *
 * @throws ReloadError when a route needs what is not there, so that without it the new configuration would sell wrongly
 */
export function onFixedGround(running: GatewayConfig, next: GatewayConfig): Reloadable {
  const kept = FIXED.filter(([, of]) => !isDeepStrictEqual(of(running), of(next))).map(([key]) => key);
  const { realm, listen, metricsListen, ledger, node, pool, tempo, admin } = running;
  const config: GatewayConfig = {
    ...next,
    ...{ realm, listen, metricsListen, ledger, node, pool, tempo, admin },
    keys: keysOf(running, next),
    tls: running.tls === undefined ? undefined : (next.tls ?? running.tls),
    limits: { ...next.limits, headerBytesMax: running.limits.headerBytesMax },
  };
  const currencies = new Set(tempo?.tokens.map(({ address }) => address));
  for (const { match, offers, priceRows } of config.routes) {
    for (const { method, price } of [...offers, ...priceRows.flatMap((row) => row.offers)]) {
      const sold = method === 'lightning' ? node !== undefined : currencies.has(price.currency);
      if (!sold)
        throw new ReloadError(
          `The route ${match.text} has a price in ${price.currency} (${method}), which this gateway was not started with; restart it.`,
        );
    }
  }
  return { config, kept };
}
