import type { PayingNode } from '@farebox/lightning';
import type { MethodSource, WalletMethod } from '@farebox/wallet';
import { CliError } from './cli-error.js';
import type { Home } from './home.js';
import { type TempoSource, tempoSource } from './tempo/method.js';
import type { TempoSettings } from './tempo/settings.js';

/** The nodes that can pay. One name in one place: the other kinds come here. */
export const nodeKinds = ['devnet'] as const;
/** One of {@link nodeKinds}. */
export type NodeKind = (typeof nodeKinds)[number];

/** What pays, and how to let go of it. */
export interface Payer {
  /** In order of preference. */
  readonly methods: readonly MethodSource[];
  close(): Promise<void>;
}

/** How to build a payer. */
export interface PayerOptions {
  readonly kind: NodeKind;
  readonly home: Home;
  readonly tempo: TempoSettings;
  /** A preview only reads challenges: it needs the node's network, not the node. */
  readonly paying: boolean;
  /** Only this payment method. */
  readonly method?: string | undefined;
}

interface LightningSource {
  readonly source: MethodSource;
  close(): Promise<void>;
}

const nodeMissing = 'There is no devnet to pay with; start one with `farebox devnet` in another terminal.';

/**
 * Builds the payment methods of a wallet. Throws {@link CliError} `node_not_found` when there is nothing at all to pay
 * with; one of several that is missing says so only when a seller asks for it.
 */
export async function buildPayer(options: PayerOptions): Promise<Payer> {
  const { method, paying } = options;
  const lightning =
    method === undefined || method === 'lightning' ? await lightningSource(options) : undefined;
  let tempo: TempoSource | undefined;
  try {
    if (method === undefined || method === 'tempo') {
      tempo = await tempoSource({ home: options.home, settings: options.tempo, paying });
    }
  } catch (error) {
    await lightning?.close();
    throw error;
  }
  const methods = [lightning?.source, tempo?.source].filter((source) => source !== undefined);
  if (paying && lightning && methods.every((source) => 'missing' in source)) {
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

async function lightningSource(options: PayerOptions): Promise<LightningSource> {
  const { lightningBuyer } = await import('@farebox/lightning');
  const node = options.paying ? await connect(options) : unpaying;
  if (node === undefined) {
    const source = { method: 'lightning', intent: 'charge', missing: nodeMissing };
    return { source, close: () => Promise.resolve() };
  }
  // The devnet is regtest and nothing else: an invoice of another network is refused before anything is asked.
  const buyer = lightningBuyer({ node, network: 'regtest' });
  const source: WalletMethod = {
    method: buyer.method,
    intent: buyer.intent,
    inspect: (challenge, context) => buyer.inspect(challenge, context),
    pay: (challenge, limits) => buyer.pay(challenge, limits),
    resume: (challenge) => buyer.resume(challenge),
    async balance(currency) {
      if (currency !== 'sat') return undefined;
      return { amount: (await node.balance()).spendableMsat, currency: 'msat' };
    },
  };
  return { source, close: () => node.close() };
}

async function connect({ home }: PayerOptions): Promise<PayingNode | undefined> {
  const { connectDevnet, readDevnetFile } = await import('@farebox/devnet');
  const found = await readDevnetFile(home.directory);
  return found && connectDevnet({ ...found, role: 'wallet' });
}

const notPaying = () => Promise.reject(new CliError('preview_only', 'A preview does not pay.'));

/** Stands where a node would, for previews. */
const unpaying: PayingNode = {
  capabilities: { msat: true, feeCap: true, cancel: false, track: true, hold: false },
  info: notPaying,
  payInvoice: notPaying,
  trackPayment: notPaying,
  balance: notPaying,
  close: () => Promise.resolve(),
};
