import { isJsonObject, type JsonObject } from '@farebox/protocol';
import { type InvoiceState, type LightningNetwork, NodeError, type PaymentState } from '../../node.js';
import { checkPaymentHash } from '../answers.js';
import { need, textOf, wholeOf } from '../http/fields.js';
import { provenSuccess } from '../outgoing-payment.js';

// LND's REST interface writes bytes in JSON as base64, bytes in a path as URL-safe base64 with its padding, and
// hashes of a few older calls as hex.

/** LND's name in messages. */
export const lndName = 'LND';

/**
 * The bytes of a hash.
 *
 * @throws NodeError `node_refused`: not 64 characters of lowercase hex. Checked before it becomes part of a path.
 */
export function hashBytes(paymentHash: string): Buffer {
  checkPaymentHash(paymentHash);
  return Buffer.from(paymentHash, 'hex');
}

/** URL-safe base64 with its padding, without which LND takes it for something else. */
export function pathBytes(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Bytes of a JSON member in hex, undefined when it is missing. */
export function hexOf(object: JsonObject, key: string): string | undefined {
  const text = textOf(object, key);
  return text === undefined || text === '' ? undefined : Buffer.from(text, 'base64').toString('hex');
}

const networks: Readonly<Record<string, LightningNetwork>> = {
  mainnet: 'mainnet',
  testnet: 'testnet',
  testnet4: 'testnet',
  signet: 'signet',
  regtest: 'regtest',
};

/** The network that `getinfo` names. */
export function networkOf(info: JsonObject): LightningNetwork {
  const chains = info.chains;
  const chain = Array.isArray(chains) ? chains[0] : undefined;
  const word = isJsonObject(chain) ? textOf(chain, 'network') : undefined;
  return need(networks[need(word, lndName, 'its network')], lndName, 'a network that is known');
}

/** An invoice as `LookupInvoice` describes it. The preimage in it is not looked at. */
export function invoiceStateOf(invoice: JsonObject): InvoiceState {
  const state = textOf(invoice, 'state');
  if (state === 'OPEN') return { status: 'open' };
  if (state === 'ACCEPTED') return { status: 'held' };
  if (state === 'CANCELED') return { status: 'cancelled' };
  if (state !== 'SETTLED') {
    throw new NodeError(
      'node_misbehaved',
      'LND answered with an invoice state that is not known; check its version.',
    );
  }
  const receivedMsat = wholeOf(invoice, 'amt_paid_msat');
  const settledSeconds = wholeOf(invoice, 'settle_date');
  return {
    status: 'settled',
    ...(receivedMsat === undefined ? {} : { receivedMsat }),
    ...(settledSeconds === undefined ? {} : { settledMs: Number(settledSeconds) * 1_000 }),
  };
}

const reasons: Readonly<Record<string, string>> = {
  FAILURE_REASON_TIMEOUT: 'no attempt succeeded in the time given',
  FAILURE_REASON_NO_ROUTE: 'no route was found within the fee cap',
  FAILURE_REASON_ERROR: 'LND met an error that cannot be retried',
  FAILURE_REASON_INCORRECT_PAYMENT_DETAILS:
    'rejected by the recipient: the invoice is unknown, paid or cancelled there',
  FAILURE_REASON_INSUFFICIENT_BALANCE: 'the channels have not enough balance',
  FAILURE_REASON_CANCELED: 'given up before an attempt succeeded',
};

/**
 * A payment as the router describes it. `FAILED` is LND's word for an end: all parts have come back. Anything that
 * is no end is `in-flight`, words of a later version included.
 */
export function paymentStateOf(paymentHash: string, payment: JsonObject): PaymentState {
  const status = textOf(payment, 'status');
  if (status === 'SUCCEEDED') {
    return provenSuccess(
      paymentHash,
      textOf(payment, 'payment_preimage'),
      wholeOf(payment, 'fee_msat') ?? 0n,
    );
  }
  if (status !== 'FAILED') return { status: 'in-flight' };
  const reason = textOf(payment, 'failure_reason') ?? '';
  return { status: 'failed', reason: reasons[reason] ?? 'LND gives no reason' };
}
