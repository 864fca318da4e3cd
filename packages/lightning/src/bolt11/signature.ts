import { type Result, refuse } from '@farebox/protocol';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Invoice } from './invoice.js';

type Signed = Pick<Invoice, 'signature' | 'recoveryId' | 'signingHash'>;

/**
 * Recovers the node that signed an invoice, as a compressed public key in lowercase hex. High and low S are
 * accepted (BOLT 11). Code: `signature_not_recoverable`.
 *
 * Any 65 bytes recover to some key: this says who must have signed, not that it is somebody in particular.
 */
export function recoverPayee(invoice: Signed): Result<string> {
  try {
    const point = secp256k1.Signature.fromHex(invoice.signature)
      .addRecoveryBit(invoice.recoveryId)
      .recoverPublicKey(Buffer.from(invoice.signingHash, 'hex'));
    return { ok: true, value: point.toHex(true) };
  } catch {
    // The library throws for an r or s out of range and for an r that is on no curve point.
    return refuse('signature_not_recoverable', 'No key can have made the signature');
  }
}

function verifyNamed(invoice: Signed, payee: string): Result<{ readonly payee: string }> {
  const message = Buffer.from(invoice.signingHash, 'hex');
  const signature = Buffer.from(invoice.signature, 'hex');
  const key = Buffer.from(payee, 'hex');
  try {
    if (secp256k1.verify(signature, message, key, { prehash: false, lowS: true })) {
      return { ok: true, value: { payee } };
    }
    if (secp256k1.verify(signature, message, key, { prehash: false, lowS: false })) {
      return refuse('signature_not_low_s', 'The signature is not in its low-S form');
    }
  } catch {
    // A payee field that is no public key.
  }
  return refuse('signature_invalid', 'The signature is not that of the payee it names');
}

/**
 * Checks the signature of a decoded invoice and says who is paid. With an `n` field, the signature must be that
 * node's and low-S; without, the payee is recovered from it (BOLT 11, "Tagged Fields", requirements of a reader).
 *
 * Codes: `signature_invalid`, `signature_not_low_s`, `signature_not_recoverable`.
 *
 * @example
 * ```ts
 * import { decodeInvoice, verifyInvoice } from '@farebox/lightning';
 * const decoded = decodeInvoice('lnbcrt10n1…');
 * if (decoded.ok) {
 *   const verified = verifyInvoice(decoded.value);
 *   if (verified.ok) console.log(verified.value.payee); // 03e7156a…
 * }
 * ```
 */
export function verifyInvoice(invoice: Signed & Pick<Invoice, 'payee'>): Result<{ readonly payee: string }> {
  if (invoice.payee !== undefined) return verifyNamed(invoice, invoice.payee);
  const recovered = recoverPayee(invoice);
  return recovered.ok ? { ok: true, value: { payee: recovered.value } } : recovered;
}

/** Signs a hash: r, s and the recovery id, 65 bytes as an invoice carries them. RFC 6979, low S. */
export function signHash(signingHashHex: string, secretKey: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(Buffer.from(signingHashHex, 'hex'), secretKey, {
    prehash: false,
    format: 'recovered',
  });
  // The library puts the recovery id first, BOLT 11 last.
  return Uint8Array.of(...recovered.subarray(1), recovered[0] ?? 0);
}

/** Whether these 32 bytes can be a node's secret key. */
export function isSecretKey(secretKey: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(secretKey);
}

/** The node id of a secret key: compressed public key in lowercase hex. Throws when it is no secret key. */
export function nodeIdOf(secretKey: Uint8Array): string {
  return Buffer.from(secp256k1.getPublicKey(secretKey, true)).toString('hex');
}
