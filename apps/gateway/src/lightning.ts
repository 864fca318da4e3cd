import {
  createInvoicePool,
  type InvoiceNode,
  type LightningNetwork,
  lightningSeller,
  NodeError,
  type PoolCounts,
} from '@farebox/lightning';
import type { SellerMethod } from '@farebox/protocol';
import type { GatewayConfig } from './config/config.js';
import { NodeConfigError } from './config/node.js';
import type { Logger } from './log.js';
import { openRates, type RateConfig, type Rates } from './price/rates.js';

/** The `lightning` method of a gateway. */
export interface LightningMethod {
  readonly method: SellerMethod;
  /** How the pool of invoices stands; undefined when there is none. */
  counts(): PoolCounts | undefined;
  /** Reads other rates, once, and says what puts them in force. Until then, and if they are dropped, the old ones stand. */
  prepareRates(rates: readonly RateConfig[]): Promise<PreparedRates>;
  /** Cancels what was given to nobody. Leaves the node open. */
  close(): Promise<void>;
}

/** Rates that are ready, and not in force. */
export interface PreparedRates {
  use(): void;
  drop(): void;
}

/**
 * Makes the `lightning` method as configured, with its pool of invoices and its rates. Waits until the rates were read once,
 * or could not be.
 *
 * @throws NodeConfigError for a network that the lightning charge does not know, or that nobody tells
 */
export async function openLightning(
  config: GatewayConfig,
  node: InvoiceNode,
  now: () => number,
  logger: Logger,
): Promise<LightningMethod> {
  const network = await networkOf(config, node, logger);
  if (network === 'testnet')
    throw new NodeConfigError('The lightning charge knows no testnet; use signet or regtest.');
  const ratesOf = (configs: readonly RateConfig[]): Rates =>
    openRates(configs, {
      now,
      onFault: (currency, error) =>
        logger.warn(
          { currency, error },
          'the rate could not be read; the last one goes on until it is too old',
        ),
    });
  let rates = ratesOf(config.rates);
  await rates.ready;
  const { size, ageMsMax } = config.pool ?? {};
  const pool =
    config.pool === undefined
      ? undefined
      : createInvoicePool({
          node,
          network,
          now,
          ...(size === undefined ? {} : { size }),
          ...(ageMsMax === undefined ? {} : { ageMsMax }),
          // No more invoices are asked for than may be given out.
          ...(config.mintBudget === undefined ? {} : { mintRate: config.mintBudget.global }),
        });
  return {
    method: lightningSeller({
      node,
      network,
      convert: (price, nowMs) => rates.convert(price, nowMs),
      ...(pool === undefined ? {} : { pool }),
    }),
    counts: () => pool?.counts(),
    async prepareRates(configs) {
      const next = ratesOf(configs);
      await next.ready;
      return {
        use() {
          rates.close();
          rates = next;
        },
        drop: () => next.close(),
      };
    },
    async close() {
      rates.close();
      await pool?.close();
    },
  };
}

/** A node whose network is known need not be reachable at the start: what is sold meanwhile is unavailable. */
async function networkOf(
  { node: config }: GatewayConfig,
  node: InvoiceNode,
  logger: Logger,
): Promise<LightningNetwork> {
  if (config?.kind === 'devnet') return 'regtest';
  const named = config?.network;
  const asked = node.info().then(({ network }) => network);
  if (named === undefined) {
    return asked.catch((cause: unknown) => {
      const why = cause instanceof NodeError ? cause.message : 'it does not say which network it is on';
      throw new NodeConfigError(
        `The Lightning node cannot be asked for its network (${why}) Start it first, or write lightning.node.network, which lets the gateway start without it.`,
        { cause },
      );
    });
  }
  asked.catch((error: unknown) =>
    logger.error(
      { error },
      'the Lightning node cannot be asked; until it can, nothing is sold over Lightning',
    ),
  );
  return named;
}
