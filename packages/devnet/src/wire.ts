import type {
  CreatedInvoice,
  InvoiceRequest,
  InvoiceState,
  NodeInfo,
  PaymentRequest,
  PaymentState,
  SettledInvoice,
} from '@farebox/lightning';
import type { JsonObject, JsonValue } from '@farebox/protocol';
import { isJsonObject } from '@farebox/protocol';
import type { HoldRequest } from './devnet-node.js';
import type { SettledPage, SettledPageRequest, SettledPlace } from './node/invoice-book.js';

// The node interface as JSON: the same members, with every amount as a decimal string. Both ends of the HTTP
// interface use these, so what one writes the other can read.

/** The JSON is not what the verb needs, or not what it answers. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';
}

function text(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new WireFormatError(`"${name}" must be a string.`);
  return value;
}

function number(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value !== 'number') throw new WireFormatError(`"${name}" must be a number.`);
  return value;
}

/** Whole milliseconds since the epoch. */
function time(object: JsonObject, name: string): number {
  const value = number(object, name);
  if (!Number.isSafeInteger(value)) throw new WireFormatError(`"${name}" must be whole milliseconds.`);
  return value;
}

function hash(object: JsonObject, name: string): string {
  const value = text(object, name);
  if (!/^[0-9a-f]{64}$/.test(value)) throw new WireFormatError(`"${name}" must be 64 characters of hex.`);
  return value;
}

function amount(object: JsonObject, name: string): bigint {
  const value = object[name];
  if (typeof value !== 'string' || !/^(?:0|[1-9][0-9]{0,18})$/.test(value)) {
    throw new WireFormatError(`"${name}" must be an amount: a string of decimal digits.`);
  }
  return BigInt(value);
}

function object(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) throw new WireFormatError('A JSON object is needed.');
  return value;
}

/** `{ amountMsat, description, expirySeconds }` */
export const invoiceRequestWire = {
  write: (request: InvoiceRequest): JsonObject => ({
    amountMsat: String(request.amountMsat),
    description: request.description,
    expirySeconds: request.expirySeconds,
  }),
  read: (value: JsonValue): InvoiceRequest => ({
    amountMsat: amount(object(value), 'amountMsat'),
    description: text(object(value), 'description'),
    expirySeconds: number(object(value), 'expirySeconds'),
  }),
};

/** An invoice request and `paymentHash`. */
export const holdRequestWire = {
  write: (request: HoldRequest): JsonObject => ({
    ...invoiceRequestWire.write(request),
    paymentHash: request.paymentHash,
  }),
  read: (value: JsonValue): HoldRequest => ({
    ...invoiceRequestWire.read(value),
    paymentHash: text(object(value), 'paymentHash'),
  }),
};

/** `{ paymentHash }` */
export const hashWire = {
  write: (paymentHash: string): JsonObject => ({ paymentHash }),
  read: (value: JsonValue): string => text(object(value), 'paymentHash'),
};

/** `{ preimage }` */
export const preimageWire = {
  write: (preimage: string): JsonObject => ({ preimage }),
  read: (value: JsonValue): string => text(object(value), 'preimage'),
};

/** `{ invoice, maxFeeMsat, timeoutMs }` */
export const paymentRequestWire = {
  write: (request: PaymentRequest): JsonObject => ({
    invoice: request.invoice,
    maxFeeMsat: String(request.maxFeeMsat),
    timeoutMs: request.timeoutMs,
  }),
  read: (value: JsonValue): PaymentRequest => ({
    invoice: text(object(value), 'invoice'),
    maxFeeMsat: amount(object(value), 'maxFeeMsat'),
    timeoutMs: number(object(value), 'timeoutMs'),
  }),
};

/** `{}` in, `null` out. */
export const nothingWire = {
  write: (_nothing: undefined): JsonValue => ({}),
  read: (_value: JsonValue): undefined => undefined,
};

/** `{ invoice, paymentHash }` */
export const createdInvoiceWire = {
  write: (created: CreatedInvoice): JsonObject => ({
    invoice: created.invoice,
    paymentHash: created.paymentHash,
  }),
  read: (value: JsonValue): CreatedInvoice => ({
    invoice: text(object(value), 'invoice'),
    paymentHash: text(object(value), 'paymentHash'),
  }),
};

/** `{ kind, network, nodeId }`. A node that is not on regtest is not a devnet's. */
export const nodeInfoWire = {
  write: (info: NodeInfo): JsonObject => ({
    kind: info.kind,
    network: info.network,
    nodeId: info.nodeId ?? '',
  }),
  read: (value: JsonValue): NodeInfo => {
    if (text(object(value), 'network') !== 'regtest')
      throw new WireFormatError('A devnet is on regtest only.');
    return { kind: 'devnet', network: 'regtest', nodeId: text(object(value), 'nodeId') };
  },
};

/** `{ status, receivedMsat?, settledMs? }`, or null for an unknown hash. */
export const invoiceStateWire = {
  write: (state: InvoiceState | undefined): JsonValue => {
    if (state === undefined) return null;
    const { status, receivedMsat, settledMs } = state;
    return {
      status,
      ...(receivedMsat === undefined ? {} : { receivedMsat: String(receivedMsat) }),
      ...(settledMs === undefined ? {} : { settledMs }),
    };
  },
  read: (value: JsonValue): InvoiceState | undefined => {
    if (value === null) return undefined;
    const state = object(value);
    const status = text(state, 'status');
    if (status === 'settled') {
      return { status, receivedMsat: amount(state, 'receivedMsat'), settledMs: number(state, 'settledMs') };
    }
    if (status === 'open' || status === 'held' || status === 'cancelled') return { status };
    throw new WireFormatError('The status of the invoice is unknown.');
  },
};

function readPlace(value: JsonValue): SettledPlace {
  const place = object(value);
  return { settledMs: time(place, 'settledMs'), paymentHash: hash(place, 'paymentHash') };
}

/** `{ fromMs, untilMs, after?: { settledMs, paymentHash } }` */
export const settledRequestWire = {
  write: ({ fromMs, untilMs, after }: SettledPageRequest): JsonObject => ({
    fromMs,
    untilMs,
    ...(after && { after: { settledMs: after.settledMs, paymentHash: after.paymentHash } }),
  }),
  read: (value: JsonValue): SettledPageRequest => {
    const request = object(value);
    const period = { fromMs: time(request, 'fromMs'), untilMs: time(request, 'untilMs') };
    return request.after === undefined ? period : { ...period, after: readPlace(request.after) };
  },
};

function writeSettled({ paymentHash, receivedMsat, settledMs }: SettledInvoice): JsonObject {
  return { paymentHash, receivedMsat: String(receivedMsat), settledMs };
}

function readSettled(value: JsonValue): SettledInvoice {
  return { ...readPlace(value), receivedMsat: amount(object(value), 'receivedMsat') };
}

/** `{ invoices: [{ paymentHash, receivedMsat, settledMs }], more }` */
export const settledPageWire = {
  write: ({ invoices, more }: SettledPage): JsonObject => ({ invoices: invoices.map(writeSettled), more }),
  read: (value: JsonValue): SettledPage => {
    const { invoices, more } = object(value);
    if (!Array.isArray(invoices)) throw new WireFormatError('"invoices" must be a list.');
    if (typeof more !== 'boolean') throw new WireFormatError('"more" must be true or false.');
    // Without this, a page that is empty and promises more would be asked for again for ever.
    if (more && invoices.length === 0) throw new WireFormatError('A page that is not the last has invoices.');
    return { invoices: invoices.map(readSettled), more };
  },
};

/** The payment's state with `feeMsat` as a string. */
export const paymentStateWire = {
  write: (state: PaymentState): JsonObject =>
    state.status === 'succeeded' ? { ...state, feeMsat: String(state.feeMsat) } : { ...state },
  read: (value: JsonValue): PaymentState => {
    const state = object(value);
    const status = text(state, 'status');
    if (status === 'in-flight' || status === 'absent') return { status };
    if (status === 'failed') return { status, reason: text(state, 'reason') };
    if (status !== 'succeeded') throw new WireFormatError('The status of the payment is unknown.');
    return { status, preimage: hash(state, 'preimage'), feeMsat: amount(state, 'feeMsat') };
  },
};

/** `{ spendableMsat, receivableMsat }` */
export const balanceWire = {
  write: (balance: { spendableMsat: bigint; receivableMsat: bigint }): JsonObject => ({
    spendableMsat: String(balance.spendableMsat),
    receivableMsat: String(balance.receivableMsat),
  }),
  read: (value: JsonValue): { spendableMsat: bigint; receivableMsat: bigint } => ({
    spendableMsat: amount(object(value), 'spendableMsat'),
    receivableMsat: amount(object(value), 'receivableMsat'),
  }),
};
