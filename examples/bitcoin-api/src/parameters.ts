import { ProblemError } from './problem.js';

const heightMax = 0x7fff_ffff;
const pageItemsMax = 60;
const offsetMax = 1_000_000;

/** A block as the caller names it: by its height, or by its hash as 64 lowercase hexadecimal digits. */
export type BlockName = { height: number } | { hash: string };

/** One page of a list: skip `offset` items, give at most `limit`. */
export interface Page {
  offset: number;
  limit: number;
}

/** Reads a block height: decimal digits without sign or leading zero. @throws ProblemError 400 */
export function readHeight(text: string): number {
  const height = readCount(text, heightMax);
  if (height === undefined) {
    throw refused(
      'malformed-height',
      `A block height is a whole number from 0 to ${heightMax}, without leading zeros.`,
    );
  }
  return height;
}

/** Reads a block height or a block hash. @throws ProblemError 400 */
export function readBlockName(text: string): BlockName {
  if (isHash(text)) return { hash: text.toLowerCase() };
  const height = readCount(text, heightMax);
  if (height !== undefined) return { height };
  throw refused('malformed-block', 'A block is named by its height or by its hash of 64 hexadecimal digits.');
}

/** Reads a transaction id; answers it in lowercase. @throws ProblemError 400 */
export function readTxid(text: string): string {
  if (!isHash(text)) throw refused('malformed-txid', 'A transaction id has 64 hexadecimal digits.');
  return text.toLowerCase();
}

/**
 * Reads the outer form of an address. Whether its checksum holds and its network is the node's own, only the node says
 * (`validateaddress`).
 * @throws ProblemError 400
 */
export function readAddress(text: string): string {
  if (!/^[a-zA-Z0-9]{14,90}$/.test(text)) {
    throw refused('malformed-address', 'A Bitcoin address has 14 to 90 letters and digits.');
  }
  return text;
}

/** Reads `offset` (default 0) and `limit` (default and maximum 60). @throws ProblemError 400 */
export function readPage(offsetText: string | undefined, limitText: string | undefined): Page {
  const offset = readCount(offsetText ?? '0', offsetMax);
  if (offset === undefined)
    throw refused('malformed-offset', `offset is a whole number from 0 to ${offsetMax}.`);
  const limit = readCount(limitText ?? String(pageItemsMax), pageItemsMax);
  if (limit === undefined || limit === 0) {
    throw refused('malformed-limit', `limit is a whole number from 1 to ${pageItemsMax}.`);
  }
  return { offset, limit };
}

function readCount(text: string, max: number): number | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(text)) return undefined;
  const count = Number(text);
  return count <= max ? count : undefined;
}

function isHash(text: string): boolean {
  return /^[0-9a-fA-F]{64}$/.test(text);
}

function refused(code: string, detail: string): ProblemError {
  return new ProblemError(400, code, detail);
}
