import { bytesToWords, wordsToHex } from './words.js';

/** An on-chain address to fall back on (tagged field `f`). Farebox never pays it; it is kept for display. */
export interface Fallback {
  /** 0 to 16: witness version. 17: public key hash (P2PKH). 18: script hash (P2SH). */
  readonly version: number;
  /** Witness program or hash, lowercase hex. */
  readonly program: string;
}

const p2pkhVersion = 17;
const p2shVersion = 18;

/** Whether an address of that version can have a program of that many bytes (BIP 141, BIP 350). */
export function isFallbackShape(version: number, programBytes: number): boolean {
  if (version === p2pkhVersion || version === p2shVersion) return programBytes === 20;
  if (version === 0) return programBytes === 20 || programBytes === 32;
  return version >= 1 && version <= 16 && programBytes >= 2 && programBytes <= 40;
}

/** Reads an `f` field; undefined when it must be skipped: unknown version, or a program that cannot be. */
export function readFallback(words: Uint8Array, start: number, end: number): Fallback | undefined {
  const version = words[start];
  if (version === undefined || end <= start) return undefined;
  const programBytes = ((end - start - 1) * 5) >> 3;
  if (!isFallbackShape(version, programBytes)) return undefined;
  return { version, program: wordsToHex(words, start + 1, end) };
}

/** The words of an `f` field. */
export function writeFallback(fallback: Fallback): Uint8Array {
  return Uint8Array.of(fallback.version, ...bytesToWords(Buffer.from(fallback.program, 'hex')));
}
