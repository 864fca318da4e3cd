import { randomBytes } from 'node:crypto';
import { type Result, refuse } from '@farebox/protocol';
import type { Hex } from '../chain/hex.js';

/** The orders of the two curves: a private key is at least 1 and less than this. */
const curveOrders = {
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  p256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
} as const;

const form = /^(?:0x)?([0-9a-fA-F]{64})$/;

function isScalar(hex: string, curve: keyof typeof curveOrders): boolean {
  const scalar = BigInt(`0x${hex}`);
  return scalar > 0n && scalar < curveOrders[curve];
}

/** Makes a private key for either curve, 32 bytes in hex with 0x. It is the money: keep it in a vault, never in a log. */
export function newPrivateKey(): Hex {
  for (;;) {
    const hex = randomBytes(32).toString('hex');
    // One draw in 2^32 is no key of P-256, whose order is the smaller.
    if (isScalar(hex, 'p256')) return `0x${hex}`;
  }
}

/**
 * Reads a private key, as people and other tools write it: 32 bytes in hex, with or without 0x, blanks around it.
 * Code: `private_key_malformed`; the detail never contains what was given.
 */
export function parsePrivateKey(text: string, curve: 'secp256k1' | 'p256' = 'secp256k1'): Result<Hex> {
  const hex = form.exec(text.trim())?.[1];
  if (hex === undefined || !isScalar(hex, curve)) {
    return refuse('private_key_malformed', 'A Tempo private key is 64 hex digits, with or without 0x before');
  }
  return { ok: true, value: `0x${hex.toLowerCase()}` };
}
