import type { SettledInvoice } from '@farebox/lightning';
import type { JsonValue } from '@farebox/protocol';
import type { DevnetNode } from './devnet-node.js';
import type { NodeCalls } from './messages.js';
import {
  compareSettled,
  type SettledPage,
  type SettledPageRequest,
  settledPageInvoicesMax,
} from './node/invoice-book.js';
import {
  balanceWire,
  createdInvoiceWire,
  hashWire,
  holdRequestWire,
  invoiceRequestWire,
  invoiceStateWire,
  nodeInfoWire,
  nothingWire,
  paymentRequestWire,
  paymentStateWire,
  preimageWire,
  settledPageWire,
  settledRequestWire,
} from './wire.js';

interface Wire<T> {
  write(value: T): JsonValue;
  read(value: JsonValue): T;
}

/** One verb of the HTTP interface: how its argument and result are written, and what performs it. */
export interface Verb<A, R> {
  readonly argument: Wire<A>;
  readonly result: Wire<R>;
  perform(node: DevnetNode, argument: A): Promise<R>;
}

const noResult = async (done: Promise<void>): Promise<undefined> => {
  await done;
  return undefined;
};

/** One page through the node's interface, which knows no pages. */
async function settledPage(node: DevnetNode, request: SettledPageRequest): Promise<SettledPage> {
  const { fromMs, untilMs, after } = request;
  const invoices: SettledInvoice[] = [];
  const settled = node.listSettled?.({ fromMs: Math.max(fromMs, after?.settledMs ?? fromMs), untilMs }) ?? [];
  for await (const invoice of settled) {
    if (after !== undefined && compareSettled(invoice, after) <= 0) continue;
    if (invoices.length === settledPageInvoicesMax) return { invoices, more: true };
    invoices.push(invoice);
  }
  return { invoices, more: false };
}

/** The verbs of a node, `POST /lightning/<role>/<verb>`. */
export const verbs: {
  readonly [V in keyof NodeCalls]: Verb<NodeCalls[V]['argument'], NodeCalls[V]['result']>;
} = {
  info: { argument: nothingWire, result: nodeInfoWire, perform: (node) => node.info() },
  createInvoice: {
    argument: invoiceRequestWire,
    result: createdInvoiceWire,
    perform: (node, request) => node.createInvoice(request),
  },
  lookupInvoice: {
    argument: hashWire,
    result: invoiceStateWire,
    perform: (node, hash) => node.lookupInvoice(hash),
  },
  listSettled: { argument: settledRequestWire, result: settledPageWire, perform: settledPage },
  cancelInvoice: {
    argument: hashWire,
    result: nothingWire,
    perform: (node, hash) => noResult(node.cancelInvoice(hash)),
  },
  payInvoice: {
    argument: paymentRequestWire,
    result: paymentStateWire,
    perform: (node, request) => node.payInvoice(request),
  },
  trackPayment: {
    argument: hashWire,
    result: paymentStateWire,
    perform: (node, hash) => node.trackPayment(hash),
  },
  balance: { argument: nothingWire, result: balanceWire, perform: (node) => node.balance() },
  holdInvoice: {
    argument: holdRequestWire,
    result: createdInvoiceWire,
    perform: (node, request) => node.holdInvoice(request),
  },
  settleHold: {
    argument: preimageWire,
    result: nothingWire,
    perform: (node, preimage) => noResult(node.settleHold(preimage)),
  },
};

/** Whether a word of a path names a verb. */
export function isVerb(name: string): name is keyof NodeCalls {
  return Object.hasOwn(verbs, name);
}
