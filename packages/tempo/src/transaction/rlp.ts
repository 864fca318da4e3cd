import { fromRlp, toRlp } from 'viem/utils';
import { type Hex, isHex } from '../chain/hex.js';

/** What RLP holds: byte strings, and lists of the same. */
export type RlpValue = Hex | readonly RlpValue[];

/** Reads RLP that is written in the only way it may be. Undefined for everything else. */
export function readRlpList(bytes: Hex): readonly RlpValue[] | undefined {
  try {
    const value: RlpValue = fromRlp(bytes, 'hex');
    // Whatever is left over, or written longer than need be, would not come back.
    return typeof value !== 'string' && writeRlp(value) === bytes ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes RLP. */
export function writeRlp(value: RlpValue): Hex {
  return toRlp(value, 'hex');
}

/** A whole number in its shortest form; undefined for a list, leading zeros, or more than `bitsMax`. */
export function readScalar(value: RlpValue | undefined, bitsMax: number): bigint | undefined {
  if (!isHex(value) || value.length - 2 > bitsMax / 4) return undefined;
  if (value === '0x') return 0n;
  return value.startsWith('0x00') ? undefined : BigInt(value);
}
