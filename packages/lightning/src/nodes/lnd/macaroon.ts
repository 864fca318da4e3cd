import { NodeError } from '../../node.js';
import type { HeldRight, NodeRight } from '../rights.js';

/** Longest macaroon that is read, bytes; LND's own are below 300. */
export const macaroonBytesMax = 16_384;

/** A macaroon of LND. */
export interface Macaroon {
  /** As LND takes it in a header. A secret. */
  readonly hex: string;
  /** `entity:action` of each operation it allows, such as `invoices:write`; `uri:<method>` for single calls. */
  readonly operations: readonly string[];
}

const hexShape = /^(?:[0-9a-f]{2})+$/i;

/**
 * Reads a macaroon as LND keeps it: the binary file, or its hex. The operations are read from the macaroon itself
 * (libmacaroons V2 format with the id of macaroon-bakery v3: a protobuf of nonce, storage id and operations), so
 * that what it allows is known without trying it. Caveats can only take away from that.
 *
 * @throws NodeError `node_refused`: it is neither. The message does not repeat it.
 */
export function readMacaroon(given: string | Uint8Array): Macaroon {
  const bytes = bytesOf(given);
  // An empty file decodes to nothing, a text that is no hex to something else.
  if (bytes === undefined || bytes.length > macaroonBytesMax) throw notOne();
  const operations = operationsOf(bytes);
  if (operations === undefined) throw notOne();
  return { hex: bytes.toString('hex'), operations };
}

function bytesOf(given: string | Uint8Array): Buffer | undefined {
  const text = typeof given === 'string' ? given.trim() : Buffer.from(given).toString('latin1').trim();
  if (hexShape.test(text)) return Buffer.from(text, 'hex');
  return typeof given === 'string' ? undefined : Buffer.from(given);
}

function notOne(): NodeError {
  return new NodeError('node_refused', 'This is no macaroon of LND: give its file, or its content in hex.');
}

const macaroonVersion = 2;
const idField = 2;
const bakeryVersion = 3;
const operationsField = 3;

/** Undefined when the bytes are no macaroon. */
function operationsOf(bytes: Buffer): string[] | undefined {
  try {
    if (bytes[0] !== macaroonVersion) return undefined;
    const id = packetsOf(bytes.subarray(1)).get(idField);
    if (id?.[0] !== bakeryVersion) return undefined;
    const operations: string[] = [];
    for (const [field, value] of messageOf(id.subarray(1))) {
      if (field !== operationsField) continue;
      const [entity, ...actions] = messageOf(value).map(([, text]) => text.toString('utf8'));
      for (const action of actions) operations.push(`${entity}:${action}`);
    }
    return operations;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The packets of the first section: field type, length, data, until a zero. */
function packetsOf(bytes: Buffer): Map<number, Buffer> {
  const packets = new Map<number, Buffer>();
  let at = 0;
  for (;;) {
    const type = varintAt(bytes, at);
    if (type.value === 0) return packets;
    const length = varintAt(bytes, type.next);
    packets.set(type.value, slice(bytes, length.next, length.value));
    at = length.next + length.value;
  }
}

/** The fields of a protobuf message, in order; only length-delimited ones occur. */
function messageOf(bytes: Buffer): [number, Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = varintAt(bytes, at);
    if ((tag.value & 7) !== 2) throw new RangeError('Not a length-delimited field.');
    const length = varintAt(bytes, tag.next);
    fields.push([tag.value >> 3, slice(bytes, length.next, length.value)]);
    at = length.next + length.value;
  }
  return fields;
}

function slice(bytes: Buffer, from: number, length: number): Buffer {
  if (from + length > bytes.length) throw new RangeError('It ends too early.');
  return bytes.subarray(from, from + length);
}

/** At most 28 bits: no length here is near that. */
function varintAt(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new RangeError('It ends too early.');
}

/** Our words, LND's words for the operation that allows each, and the call that alone would allow it too. */
const needed: readonly (readonly [NodeRight, string, string])[] = [
  ['info', 'info:read', 'uri:/lnrpc.Lightning/GetInfo'],
  ['invoice', 'invoices:write', 'uri:/lnrpc.Lightning/AddInvoice'],
  ['lookup', 'invoices:read', 'uri:/lnrpc.Lightning/LookupInvoice'],
  ['pay', 'offchain:write', 'uri:/routerrpc.Router/SendPaymentV2'],
  ['track', 'offchain:read', 'uri:/routerrpc.Router/TrackPaymentV2'],
  ['balance', 'offchain:read', 'uri:/lnrpc.Lightning/ChannelBalance'],
  ['onchain', 'onchain:write', 'uri:/lnrpc.Lightning/SendCoins'],
];

/** What is in nobody's way: reading, invoices and addresses. Everything that is not known counts as administering. */
const harmless = /:read$|^(?:address|invoices):write$/;
const harmlessCall =
  /\/(?:(?:Get|List|Lookup|Describe|Decode|Query|Subscribe|Track|Estimate|Verify|Pending|Closed)[A-Za-z0-9]*|ChannelBalance|WalletBalance|FeeReport|CheckMacaroonPermissions|AddInvoice|AddHoldInvoice|CancelInvoice|SettleInvoice|NewAddress|NextAddr)$/;
const payingCall = /\/(?:SendPayment|SendToRoute)[A-Za-z0-9]*$/;
const chainCall =
  /\/(?:SendCoins|SendMany|SendOutputs|(?:Batch)?OpenChannel(?:Sync)?|CloseChannel|AbandonChannel|FundingStateStep|FundPsbt|SignPsbt|FinalizePsbt|PublishTransaction|BumpFee|BumpForceCloseFee)$/;

/** What a macaroon's operations allow. */
export function rightsOf(operations: readonly string[]): HeldRight[] {
  const held = new Set(operations);
  const rights: HeldRight[] = needed.map(([right, word, call]) => {
    // Where a single call is what allows it, that is its word.
    const single = !held.has(word) && held.has(call);
    return { right, held: held.has(word) || single, word: single ? call : word };
  });
  const told = new Set(needed.flatMap(([, word, call]) => [word, call]));
  for (const word of held) {
    const right = told.has(word) ? undefined : wideRightOf(word);
    if (right !== undefined) rights.push({ right, held: true, word });
  }
  return rights;
}

/** What an operation that Farebox never needs would let a thief do; undefined where that is nothing. */
function wideRightOf(operation: string): NodeRight | undefined {
  if (!operation.startsWith('uri:')) return harmless.test(operation) ? undefined : 'administer';
  if (harmlessCall.test(operation)) return undefined;
  if (payingCall.test(operation)) return 'pay';
  return chainCall.test(operation) ? 'onchain' : 'administer';
}
