import type { LightningNode } from '@farebox/lightning';
import { parseNodeConfig } from '../../../packages/lightning/dist/nodes/config-parse.js';
import { openNode } from '../../../packages/lightning/dist/nodes/kinds.js';
import { type Backing, routerFeeMsat, startBacking } from './backing.js';
import { answerMs, impatientMs, type NodeWorld } from './conformance.js';
import type { Facade } from './facade.js';
import { layWire } from './wire.js';

/** The credentials that a facade knows, and one that it does not. */
export interface FacadeCredentials {
  readonly sell: string;
  readonly pay: string;
  /** May sell but not pay, or nothing at all. */
  readonly intruder: string;
}

/** What makes the world of one kind of node behind a facade. */
export interface FacadeWorldOptions {
  readonly kind: string;
  readonly credentials: FacadeCredentials;
  serve(backing: Backing): Promise<Facade>;
  /** Opens the adapter under test at this port, to wait so long for an answer; {@link openConfigured} for most. */
  open(port: number, credential: string, waitMs: number): Promise<LightningNode>;
}

/**
 * The devnet's nodes behind a facade, and adapters that reach it through a wire, opened as a user's configuration
 * would open them.
 */
export async function facadeWorld(options: FacadeWorldOptions): Promise<NodeWorld> {
  const { kind, credentials } = options;
  const backing = await startBacking();
  const facade = await options.serve(backing);
  const wire = await layWire(facade);
  const opened: LightningNode[] = [];
  const open = async (credential: string, waitMs = answerMs) => {
    const node = await options.open(wire.port, credential, waitMs);
    opened.push(node);
    return node;
  };
  const seller = await open(credentials.sell);
  const wallet = await open(credentials.pay);
  const stranger = await open(credentials.intruder);
  const again = { seller: await open(credentials.sell), wallet: await open(credentials.pay) };
  return {
    kind,
    network: 'regtest',
    seller,
    wallet,
    payer: backing.honest.wallet,
    payee: backing.honest.merchant,
    routeFeeMsat: routerFeeMsat,
    // LDK tells the fee of a payment that was given up and settled nevertheless only a moment after its success.
    lateFeeKnown: false,
    faults: {
      wires: [wire],
      intruder: { seller: stranger, wallet: stranger },
      secrets: [credentials.sell, credentials.pay],
      impatient: () => open(credentials.sell, impatientMs),
      lie: backing.lie,
    },
    reconnect: () => again,
    async dispose() {
      for (const node of opened) await node.close();
      await wire.close();
      await facade.close();
      await backing.close();
    },
  };
}

/** Opens an adapter from what `lightning.node` in `farebox.yaml` would say, its secret in an environment variable. */
export async function openConfigured(
  written: Readonly<Record<string, string | boolean>>,
  secret: string,
  waitMs = answerMs,
): Promise<LightningNode> {
  const config = parseNodeConfig(written);
  if (!config.ok) throw new Error(config.detail);
  return openNode(config.value, { environment: { NODE_SECRET: secret }, answerMs: waitMs });
}
