import { createInvoicePool, type InvoiceNode, lightningSeller, type PoolCounts } from '@farebox/lightning';
import type { SellerMethod } from '@farebox/protocol';
import type { GatewayConfig } from './config/config.js';
import { NodeConfigError } from './config/node.js';
import type { Logger } from './log.js';
import { openRates } from './price/rates.js';

/** The `lightning` method of a gateway. */
export interface LightningMethod {
  readonly method: SellerMethod;
  /** How the pool of invoices stands; undefined when there is none. */
  counts(): PoolCounts | undefined;
  /** Cancels what was given to nobody. Leaves the node open. */
  close(): Promise<void>;
}

/**
 * Makes the `lightning` method as configured, with its pool of invoices and its rates. Waits until the rates were read once,
 * or could not be.
 *
 * @throws NodeConfigError for a network that the lightning charge does not know
 */
export async function openLightning(
  config: GatewayConfig,
  node: InvoiceNode,
  now: () => number,
  logger: Logger,
): Promise<LightningMethod> {
  // A kind that knows only one network need not be reachable at the start.
  const network = config.node?.kind === 'devnet' ? 'regtest' : (await node.info()).network;
  if (network === 'testnet')
    throw new NodeConfigError('The lightning charge knows no testnet; use signet or regtest.');
  const rates = openRates(config.rates, {
    now,
    onFault: (currency, error) =>
      logger.warn(
        { currency, error },
        'the rate could not be read; the last one goes on until it is too old',
      ),
  });
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
      convert: rates.convert,
      ...(pool === undefined ? {} : { pool }),
    }),
    counts: () => pool?.counts(),
    async close() {
      rates.close();
      await pool?.close();
    },
  };
}
