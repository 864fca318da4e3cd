import { decodeUnsigned } from '../bolt11/decode.js';
import { type CreatedInvoice, type InvoiceRequest, type LightningNetwork, NodeError } from '../node.js';

/** What an adapter knows of an invoice that its node has made. */
export interface InvoiceClaim {
  /** BOLT 11 text, as the node gave it. */
  readonly invoice: string;
  /** What the node says the payment hash is, hex; undefined where it does not say. */
  readonly paymentHash: string | undefined;
}

/**
 * Holds a fresh invoice against what was asked: network, amount to the millisatoshi, payment hash. Every adapter
 * gives out only what this returns. The invoice is not checked for who signed it: the node is ours.
 *
 * @param node its name in messages, such as `LND`
 * @throws NodeError `node_misbehaved`, and the message says in what the invoice differs
 */
export function checkCreatedInvoice(
  node: string,
  claim: InvoiceClaim,
  request: InvoiceRequest,
  network: LightningNetwork,
): CreatedInvoice {
  const decoded = decodeUnsigned(claim.invoice);
  if (!decoded.ok) {
    throw misbehaved(`${node} made an invoice that cannot be read (${decoded.code}): ${decoded.detail}.`);
  }
  const invoice = decoded.value;
  if (invoice.network !== network) {
    throw misbehaved(
      `${node} made an invoice for ${invoice.network}, not ${network}; connect a node of that network.`,
    );
  }
  if (invoice.amountMsat !== request.amountMsat) {
    const made = invoice.amountMsat === undefined ? 'any amount' : `${invoice.amountMsat} msat`;
    throw misbehaved(`${node} made an invoice for ${made}, not ${request.amountMsat} msat; it is not used.`);
  }
  if (claim.paymentHash !== undefined && claim.paymentHash.toLowerCase() !== invoice.paymentHash) {
    throw misbehaved(`${node} named another payment hash than is in its invoice; it is not used.`);
  }
  return { invoice: claim.invoice, paymentHash: invoice.paymentHash };
}

function misbehaved(message: string): NodeError {
  return new NodeError('node_misbehaved', message);
}

/**
 * The amount in satoshis, for nodes that know no smaller unit. Never rounded.
 *
 * @throws NodeError `node_refused`
 */
export function wholeSat(node: string, amountMsat: bigint): bigint {
  if (amountMsat % 1_000n !== 0n) {
    throw new NodeError(
      'node_refused',
      `${node} makes invoices of whole satoshis only, not of ${amountMsat} msat.`,
    );
  }
  return amountMsat / 1_000n;
}
