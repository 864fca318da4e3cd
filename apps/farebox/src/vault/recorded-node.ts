import { NodeError, type PayingNode } from '@farebox/lightning';
import type { PayerRecord } from '@farebox/wallet/vault';

/** How to make one. */
export interface RecordedNodeOptions {
  readonly node: PayingNode;
  /** Who this node is. */
  readonly payer: string;
  readonly record: PayerRecord;
  /** Payment hash of an invoice; undefined when it cannot be read. */
  readonly paymentHashOf: (invoice: string) => string | undefined;
  /** Now, milliseconds since the epoch. */
  readonly now?: () => number;
}

const another =
  'another node of this wallet was asked to pay this invoice, and only that one knows; use the account that paid (-a)';

/**
 * A node that writes down, before it is asked to pay, that it is the one. Of what another node of the same wallet was
 * asked to pay it says nothing: its "never heard of it" would be taken for "not paid", and the invoice paid twice.
 */
export function recordedNode(options: RecordedNodeOptions): PayingNode {
  const { node, payer, record, paymentHashOf, now = Date.now } = options;
  return {
    get capabilities() {
      return node.capabilities;
    },
    info: () => node.info(),
    balance: () => node.balance(),
    async payInvoice(request) {
      const hash = paymentHashOf(request.invoice);
      // The buyer has read the same invoice before.
      if (hash === undefined) throw new NodeError('node_refused', 'the invoice cannot be read');
      // On disk before the node hears of it: after a crash it is known whom to ask.
      if (!asked(() => record.claim(hash, payer, now()))) throw new NodeError('node_refused', another);
      return node.payInvoice(request);
    },
    async trackPayment(hash) {
      const known = asked(() => record.payerOf(hash));
      if (known !== undefined && known !== payer) throw new NodeError('node_refused', another);
      return node.trackPayment(hash);
    },
    close: () => node.close(),
  };
}

/** A record that cannot be used stops the payment; nothing was sent. */
function asked<T>(question: () => T): T {
  try {
    return question();
  } catch (cause) {
    throw new NodeError('node_refused', 'the record of payers cannot be used; check the disk', { cause });
  }
}
