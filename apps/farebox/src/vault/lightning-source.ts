import type { PayingNode } from '@farebox/lightning';
import type { InspectionResult } from '@farebox/protocol';
import type { LazyMethod, MissingMethod, WalletMethod } from '@farebox/wallet';
import type { VaultNode } from '@farebox/wallet/vault';
import { CliError } from '../cli-error.js';
import type { Home } from '../home.js';
import {
  openVaultNode,
  type PayableNetwork,
  payableNetworks,
  requirePayableNetwork,
  uncappedReason,
} from './node-config.js';

const name = { method: 'lightning', intent: 'charge' } as const;

/** A method that holds something open. */
export interface OpenSource<T> {
  readonly source: T;
  close(): Promise<void>;
}

/** A node as the `lightning` method of a wallet, on one network. */
export async function lightningMethod(node: PayingNode, network: PayableNetwork): Promise<WalletMethod> {
  const { lightningBuyer } = await import('@farebox/lightning');
  const buyer = lightningBuyer({ node, network });
  return {
    ...name,
    inspect: (challenge, context) => buyer.inspect(challenge, context),
    pay: (challenge, limits) => buyer.pay(challenge, limits),
    resume: (challenge) => buyer.resume(challenge),
    async balance(currency) {
      if (currency !== 'sat') return undefined;
      return { amount: (await node.balance()).spendableMsat, currency: 'msat' };
    },
  };
}

const notPaying = () => Promise.reject(new CliError('preview_only', 'A preview does not pay.'));

/** Stands where a node would, for previews. */
export const unpaying: PayingNode = {
  capabilities: { msat: true, feeCap: true, cancel: false, track: true, hold: false },
  info: notPaying,
  payInvoice: notPaying,
  trackPayment: notPaying,
  balance: notPaying,
  close: () => Promise.resolve(),
};

/** The method of a preview with a vault that is locked: the invoice's own network, whichever that is. */
export async function previewOfAnyNetwork(): Promise<WalletMethod> {
  const methods = await Promise.all(payableNetworks.map((network) => lightningMethod(unpaying, network)));
  const [first] = methods;
  if (first === undefined) throw new Error('There are no networks.');
  return {
    ...first,
    inspect(challenge, context): InspectionResult {
      const results = methods.map((method) => method.inspect(challenge, context));
      return results.find(({ ok }) => ok) ?? first.inspect(challenge, context);
    },
  };
}

/** A node with the record of what it was asked to pay. Closing it closes both. */
export async function keepingRecord(home: Home, node: PayingNode, payer: string): Promise<PayingNode> {
  const { openPayerRecord } = await import('@farebox/wallet/vault');
  const { decodeInvoice } = await import('@farebox/lightning');
  const { recordedNode } = await import('./recorded-node.js');
  const record = openPayerRecord(home.payers);
  const recorded = recordedNode({
    node,
    payer,
    record,
    paymentHashOf(invoice) {
      const decoded = decodeInvoice(invoice);
      return decoded.ok ? decoded.value.paymentHash : undefined;
    },
  });
  return {
    ...recorded,
    // A getter: a spread would freeze what a wallet behind a relay can do now.
    get capabilities() {
      return recorded.capabilities;
    },
    async close() {
      record.close();
      await node.close();
    },
  };
}

/** The method of an account's own node, connected when a seller asks for Lightning and not before. */
export function nodeSource(home: Home, kept: VaultNode): OpenSource<LazyMethod> {
  let node: PayingNode | undefined;
  const load = async (): Promise<WalletMethod | MissingMethod> => {
    const network = requirePayableNetwork(kept.network);
    const opened = await openVaultNode(home, kept);
    node = opened;
    const reason = kept.feesUncapped ? undefined : uncappedReason(opened, kept.kind);
    if (reason !== undefined) {
      const missing = `${reason}; allow that for this node with: farebox wallet node set ${kept.kind} … --allow-uncapped-fees`;
      return { ...name, missing };
    }
    node = await keepingRecord(home, opened, kept.payer);
    return lightningMethod(node, network);
  };
  const source: LazyMethod = {
    ...name,
    async load() {
      try {
        return await load();
      } catch (error) {
        // Its own sentence, which holds no secret.
        if (error instanceof CliError) return { ...name, missing: error.message };
        throw error;
      }
    },
  };
  return { source, close: async () => node?.close() };
}
