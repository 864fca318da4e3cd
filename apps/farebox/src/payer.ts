import type { PayingNode } from '@farebox/lightning';
import type { BuyerMethod } from '@farebox/protocol';
import { CliError } from './cli-error.js';
import type { Home } from './home.js';

/** The nodes that can pay. One name in one place: the other kinds come here. */
export const nodeKinds = ['devnet'] as const;
/** One of {@link nodeKinds}. */
export type NodeKind = (typeof nodeKinds)[number];

/** What pays, and how to let go of it. */
export interface Payer {
  readonly methods: readonly BuyerMethod[];
  close(): Promise<void>;
}

/** How to build a payer. */
export interface PayerOptions {
  readonly kind: NodeKind;
  readonly home: Home;
  /** A preview only reads invoices: it needs the node's network, not the node. */
  readonly paying: boolean;
}

/** Builds the payment methods of one node. Throws {@link CliError} `node_not_found` when there is none to pay with. */
export async function buildPayer(options: PayerOptions): Promise<Payer> {
  const { lightningBuyer } = await import('@farebox/lightning');
  const node = options.paying ? await connect(options) : unpaying;
  // The devnet is regtest and nothing else: an invoice of another network is refused before anything is asked.
  return { methods: [lightningBuyer({ node, network: 'regtest' })], close: () => node.close() };
}

async function connect({ home }: PayerOptions): Promise<PayingNode> {
  const { connectDevnet, readDevnetFile } = await import('@farebox/devnet');
  const found = await readDevnetFile(home.directory);
  if (found === undefined) {
    const message = 'There is no devnet to pay with; start one with `farebox devnet` in another terminal.';
    throw new CliError('node_not_found', message);
  }
  return connectDevnet({ ...found, role: 'wallet' });
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
