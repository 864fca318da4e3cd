import type { JsonObject, Result } from '@farebox/protocol';
import { refuse } from '@farebox/protocol';
import { keccak256 } from 'viem';
import { Transaction } from 'viem/tempo';
import type { Hex } from '../chain/hex.js';
import { isHex, readWord } from '../chain/hex.js';

/** What a credential of ours carries, read back from where it was kept. */
export type KnownPayload =
  /** Signed for the seller to broadcast. `validBefore` is seconds since the epoch. */
  | { readonly type: 'transaction'; readonly validBefore: number; readonly hash: Hex }
  /** Broadcast by us. */
  | { readonly type: 'hash'; readonly hash: Hex }
  | { readonly type: 'proof' };

/** The payloads of draft-tempo-charge-00 §"Credential Schema". */
export const payloads = {
  transaction: (signature: Hex) => ({ signature, type: 'transaction' }) satisfies JsonObject,
  hash: (hash: Hex) => ({ hash, type: 'hash' }) satisfies JsonObject,
  proof: (signature: Hex) => ({ signature, type: 'proof' }) satisfies JsonObject,
};

/** Reads a payload that `pay` gave earlier. Code: `payload_malformed`; the detail never contains it. */
export function readPayload(payload: JsonObject): Result<KnownPayload> {
  const { type } = payload;
  if (type === 'proof') return { ok: true, value: { type } };
  if (type === 'hash') {
    const hash = readWord(payload.hash);
    if (hash !== undefined) return { ok: true, value: { type, hash } };
  }
  if (type === 'transaction' && isHex(payload.signature)) {
    const validBefore = readValidBefore(payload.signature);
    const hash = keccak256(payload.signature);
    if (validBefore !== undefined) return { ok: true, value: { type, validBefore, hash } };
  }
  return refuse('payload_malformed', 'The kept proof of this payment cannot be read');
}

function readValidBefore(signed: Hex): number | undefined {
  try {
    const { validBefore } = Transaction.deserialize<`0x76${string}`>(`0x76${signed.slice(4)}`);
    return typeof validBefore === 'number' && validBefore > 0 ? validBefore : undefined;
  } catch {
    return undefined;
  }
}
