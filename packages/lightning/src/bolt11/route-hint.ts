import { bytesToWords, wordsToBytes } from './words.js';

/** One channel on the way to a payee without public channels (tagged field `r`). */
export interface RouteHop {
  /** Node at the start of the channel, compressed public key in hex. */
  readonly pubkey: string;
  /** `block x transaction x output`, e.g. `66051x263430x1800`. */
  readonly shortChannelId: string;
  readonly feeBaseMsat: number;
  /** Parts per million. */
  readonly feeProportionalMillionths: number;
  /** Blocks. */
  readonly cltvExpiryDelta: number;
}

/** The hops of one `r` field, in the order of travel. */
export type RouteHint = readonly RouteHop[];

const hopBytes = 51;

/** Hops that fit into one field. */
export const routeHopsMax = 12;

/** Reads an `r` field; undefined when its length is not that of one or more whole hops. */
export function readRouteHint(words: Uint8Array, start: number, end: number): RouteHint | undefined {
  const bytes = wordsToBytes(words, start, end);
  if (bytes.length === 0 || bytes.length % hopBytes !== 0) return undefined;
  const hops: RouteHop[] = [];
  for (let at = 0; at < bytes.length; at += hopBytes) {
    const block = bytes.readUIntBE(at + 33, 3);
    const transaction = bytes.readUIntBE(at + 36, 3);
    const output = bytes.readUInt16BE(at + 39);
    hops.push({
      pubkey: bytes.toString('hex', at, at + 33),
      shortChannelId: `${block}x${transaction}x${output}`,
      feeBaseMsat: bytes.readUInt32BE(at + 41),
      feeProportionalMillionths: bytes.readUInt32BE(at + 45),
      cltvExpiryDelta: bytes.readUInt16BE(at + 49),
    });
  }
  return hops;
}

const pubkeyShape = /^0[23][0-9a-f]{64}$/;
const channelShape = /^(\d{1,8})x(\d{1,8})x(\d{1,5})$/;

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** The words of an `r` field; undefined when a value does not fit its place. */
export function writeRouteHint(hint: RouteHint): Uint8Array | undefined {
  if (hint.length === 0 || hint.length > routeHopsMax) return undefined;
  const bytes = Buffer.alloc(hint.length * hopBytes);
  for (const [index, hop] of hint.entries()) {
    const at = index * hopBytes;
    const channel = channelShape.exec(hop.shortChannelId);
    const block = Number(channel?.[1]);
    const transaction = Number(channel?.[2]);
    const output = Number(channel?.[3]);
    const fits =
      pubkeyShape.test(hop.pubkey) &&
      isUint(block, 0xffffff) &&
      isUint(transaction, 0xffffff) &&
      isUint(output, 0xffff) &&
      isUint(hop.feeBaseMsat, 0xffffffff) &&
      isUint(hop.feeProportionalMillionths, 0xffffffff) &&
      isUint(hop.cltvExpiryDelta, 0xffff);
    if (!fits) return undefined;
    bytes.write(hop.pubkey, at, 'hex');
    bytes.writeUIntBE(block, at + 33, 3);
    bytes.writeUIntBE(transaction, at + 36, 3);
    bytes.writeUInt16BE(output, at + 39);
    bytes.writeUInt32BE(hop.feeBaseMsat, at + 41);
    bytes.writeUInt32BE(hop.feeProportionalMillionths, at + 45);
    bytes.writeUInt16BE(hop.cltvExpiryDelta, at + 49);
  }
  return bytesToWords(bytes);
}
