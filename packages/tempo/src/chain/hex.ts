/** Bytes in hex with 0x, as the chain's JSON-RPC writes them. */
export type Hex = `0x${string}`;

/** 20 bytes in lowercase hex with 0x. Two addresses are the same when these texts are. */
export type Address = Hex;

const anyHex = /^0x(?:[0-9a-fA-F]{2})*$/;
const addressForm = /^(?:tempox)?(0x[0-9a-fA-F]{40})$/;
const wordForm = /^0x[0-9a-fA-F]{64}$/;

/** True for whole bytes in hex with 0x, of either case. */
export function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && anyHex.test(value);
}

/** Whole bytes in lowercase hex; undefined for anything else. */
export function readHex(value: unknown): Hex | undefined {
  return isHex(value) ? lowercase(value) : undefined;
}

/** A bytes32 in lowercase hex; undefined for anything else. */
export function readWord(value: unknown): Hex | undefined {
  return typeof value === 'string' && wordForm.test(value) ? lowercase(value) : undefined;
}

/**
 * Reads an address by its 20 bytes (draft-tempo-charge-00, "Split Entry Schema": compared by decoded value, not by
 * string form): hex of any case, or Tempo's own notation `tempox0x…`. No checksum is asked for: the draft's own
 * examples have none.
 */
export function readAddress(value: unknown): Address | undefined {
  const hex = typeof value === 'string' ? addressForm.exec(value)?.[1] : undefined;
  return hex === undefined ? undefined : lowercase(hex);
}

function lowercase(hex: string): Hex {
  return `0x${hex.slice(2).toLowerCase()}`;
}
