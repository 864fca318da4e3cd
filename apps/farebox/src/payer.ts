import type { PayingNode } from '@farebox/lightning';
import type { MethodSource } from '@farebox/wallet';
import { CliError } from './cli-error.js';
import type { Home } from './home.js';
import type { TempoKeyPlace } from './tempo/key-place.js';
import { type TempoSource, tempoSource } from './tempo/method.js';
import type { TempoSettings } from './tempo/settings.js';
import {
  keepingRecord,
  lightningMethod,
  nodeSource,
  type OpenSource,
  previewOfAnyNetwork,
  unpaying,
} from './vault/lightning-source.js';
import { requirePayableNetwork } from './vault/node-config.js';
import type { AccountAccess } from './vault/open-account.js';

/** What pays, and how to let go of it. */
export interface Payer {
  /** In order of preference. */
  readonly methods: readonly MethodSource[];
  close(): Promise<void>;
}

/** How to build a payer. */
export interface PayerOptions {
  readonly home: Home;
  /** Whose money it is. */
  readonly access: AccountAccess;
  /** The devnet pays, whatever node the account has. */
  readonly devnet: boolean;
  readonly tempo: TempoSettings;
  readonly tempoKey: TempoKeyPlace;
  /** A preview only reads challenges: it needs the node's network, not the node. */
  readonly paying: boolean;
  /** True where nothing new is paid: a proof that is here already is presented without any node. */
  readonly resuming?: boolean | undefined;
  /** Only this payment method. */
  readonly method?: string | undefined;
}

const name = { method: 'lightning', intent: 'charge' } as const;
const nodeMissing =
  'There is no Lightning node to pay with; put yours into the vault with `farebox wallet node set`, or start worthless ones with `farebox devnet` in another terminal.';

/**
 * Builds the payment methods of a wallet. Throws {@link CliError} `node_not_found` when there is nothing at all to pay
 * with and something is to be paid; one of several that is missing says so only when a seller asks for it.
 */
export async function buildPayer(options: PayerOptions): Promise<Payer> {
  const { method, paying, resuming = false, tempoKey } = options;
  const lightning =
    method === undefined || method === 'lightning' ? await lightningSource(options) : undefined;
  let tempo: TempoSource | undefined;
  try {
    if (method === undefined || method === 'tempo') {
      tempo = await tempoSource({ home: options.home, settings: options.tempo, key: tempoKey, paying });
    }
  } catch (error) {
    await lightning?.close();
    throw error;
  }
  const methods = [lightning?.source, tempo?.source].filter((source) => source !== undefined);
  if (paying && !resuming && lightning && methods.every((source) => 'missing' in source)) {
    throw new CliError('node_not_found', nodeMissing);
  }
  return {
    methods,
    async close() {
      tempo?.close();
      await lightning?.close();
    },
  };
}

async function lightningSource(options: PayerOptions): Promise<OpenSource<MethodSource>> {
  const { home, access, devnet, paying } = options;
  const kept = access.kind === 'open' && !devnet ? access.account.node : undefined;
  if (kept && paying) return nodeSource(home, kept);
  if (kept) return onlyReading(await lightningMethod(unpaying, requirePayableNetwork(kept.network)));
  if (access.kind === 'locked' && !devnet) return onlyReading(await previewOfAnyNetwork());
  // The devnet is regtest and nothing else: an invoice of another network is refused before anything is asked.
  if (!paying) return onlyReading(await lightningMethod(unpaying, 'regtest'));
  const node = await connectDevnet(home);
  if (node === undefined) return onlyReading({ ...name, missing: nodeMissing });
  const recorded = await keepingRecord(home, node, 'devnet');
  return { source: await lightningMethod(recorded, 'regtest'), close: () => recorded.close() };
}

function onlyReading<T>(source: T): OpenSource<T> {
  return { source, close: () => Promise.resolve() };
}

async function connectDevnet(home: Home): Promise<PayingNode | undefined> {
  const { connectDevnet: connect, readDevnetFile } = await import('@farebox/devnet');
  const found = await readDevnetFile(home.directory);
  return found && connect({ ...found, role: 'wallet' });
}
