import type { Ledger } from '@farebox/ledger';
import type { InvoiceNode } from '@farebox/lightning';
import type { SellerMethod } from '@farebox/protocol';
import type { GatewayConfig } from '../config/config.js';
import { openNode } from '../config/node.js';
import { openLedger } from '../ledger.js';
import { type LightningMethod, openLightning } from '../lightning.js';
import type { Logger } from '../log.js';
import { openTempo } from '../tempo.js';

/** What money moves through, as long as the gateway runs: no reload touches it. */
export interface Backing {
  readonly ledger: Ledger;
  readonly node: InvoiceNode | undefined;
  readonly lightning: LightningMethod | undefined;
  readonly methods: readonly SellerMethod[];
  /** Closes what was opened here; what was given stays open. */
  close(): Promise<void>;
}

/** What is there already, and stays its giver's. */
export interface GivenBacking {
  readonly ledger?: Ledger;
  readonly node?: InvoiceNode;
}

/**
 * Opens ledger, node and payment methods. If one of them cannot be had, those before it are closed again: a gateway that
 * does not start must not leave its ledger locked.
 *
 * @throws NodeConfigError, or what the ledger says when it cannot be opened
 */
export async function openBacking(
  config: GatewayConfig,
  given: GivenBacking,
  now: () => number,
  logger: Logger,
): Promise<Backing> {
  /** In the order of their opening. */
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
  };
  try {
    // The ledger is closed last: it flushes what the last answers wrote.
    const ledger = given.ledger ?? (await openLedger(config.ledger));
    if (given.ledger === undefined) opened.push(() => ledger.close());
    // Beside a ledger that was given there is no place of ours: then a fee payer's budget is in memory.
    const place = given.ledger === undefined ? config.ledger : undefined;
    const tempo = config.tempo && (await openTempo(config.tempo, place, logger));
    if (tempo !== undefined) opened.push(() => tempo.close());
    const node = given.node ?? (config.node === undefined ? undefined : await openNode(config.node));
    if (given.node === undefined && node !== undefined) opened.push(async () => node.close());
    const lightning = node === undefined ? undefined : await openLightning(config, node, now, logger);
    // Nobody can be given what is still in the pool; it is cancelled before its node is closed.
    if (lightning !== undefined) opened.push(() => lightning.close());
    const methods = [tempo, lightning].flatMap((one) => one?.method ?? []);
    return { ledger, node, lightning, methods, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
