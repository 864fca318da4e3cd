import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { hexToBytes, keccak256, recoverAddress } from 'viem/utils';
import { type Address, type Hex, readAddress } from '../chain/hex.js';

/** A signature by one key, as Tempo transactions carry it. */
export type KeySignature =
  | { readonly kind: 'secp256k1'; readonly rs: Hex; readonly yParity: 0 | 1 }
  /** The public key stands in the signature, and the address is made of it; only the chain checks the signature. */
  | {
      readonly kind: 'p256';
      readonly address: Address;
      readonly rs: Hex;
      /** x and y. */
      readonly publicKey: Hex;
      /** The digest was hashed once more, with SHA-256, before it was signed. */
      readonly prehash: boolean;
    }
  | { readonly kind: 'webauthn'; readonly address: Address };

/** A sender's signature: by the account's own key, or by an access key for an account (Tempo's keychain, V2). */
export type SenderSignature =
  | KeySignature
  | { readonly kind: 'keychain'; readonly account: Address; readonly key: KeySignature };

/** A signature that was read, and its bytes in the only form that the chain itself writes. */
export interface ReadSignature {
  readonly signature: SenderSignature;
  readonly canonical: Hex;
}

/** Half the order of each curve: a larger s is the same signature written otherwise (EIP-2). */
const secp256k1HalfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const secp256k1Order = secp256k1HalfOrder * 2n + 1n;
const p256HalfOrder = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/** Most bytes of a WebAuthn signature, as the chain has it. */
const webauthnBytesMax = 2_048;
/** r, s, x and y of a P-256 signature and its key. */
const p256PartChars = 4 * 64;

function readSecp256k1(hex: string): { key: KeySignature; canonical: string } | undefined {
  const r = BigInt(`0x${hex.slice(0, 64)}`);
  const s = BigInt(`0x${hex.slice(64, 128)}`);
  const v = Number.parseInt(hex.slice(128), 16);
  if (r === 0n || r >= secp256k1Order || s === 0n || s > secp256k1HalfOrder) return undefined;
  // 0 and 1, or 27 and 28: the same signature, but other bytes and so another transaction hash.
  const yParity = v === 0 || v === 27 ? 0 : v === 1 || v === 28 ? 1 : undefined;
  if (yParity === undefined) return undefined;
  const rs: Hex = `0x${hex.slice(0, 128)}`;
  return {
    key: { kind: 'secp256k1', rs, yParity },
    canonical: `${hex.slice(0, 128)}${yParity === 0 ? '1b' : '1c'}`,
  };
}

/** r, s, x and y; undefined where s is not the lower of the two that are equivalent. */
function readP256Parts(parts: string): { address: Address; rs: Hex; publicKey: Hex } | undefined {
  const s = BigInt(`0x${parts.slice(64, 128)}`);
  if (s === 0n || s > p256HalfOrder) return undefined;
  const publicKey: Hex = `0x${parts.slice(128, 256)}`;
  return { address: `0x${keccak256(publicKey).slice(26)}`, rs: `0x${parts.slice(0, 128)}`, publicKey };
}

function readKeySignature(hex: string): { key: KeySignature; canonical: string } | undefined {
  if (hex.length === 130) return readSecp256k1(hex);
  const body = hex.slice(2);
  if (hex.startsWith('01') && body.length === p256PartChars + 2) {
    const flag = body.slice(-2);
    const parts = flag === '00' || flag === '01' ? readP256Parts(body) : undefined;
    return parts && { key: { kind: 'p256', ...parts, prehash: flag === '01' }, canonical: hex };
  }
  if (hex.startsWith('02') && body.length >= p256PartChars && body.length <= webauthnBytesMax * 2) {
    const parts = readP256Parts(body.slice(-p256PartChars));
    return parts && { key: { kind: 'webauthn', address: parts.address }, canonical: hex };
  }
  return undefined;
}

/**
 * Reads a sender's signature: secp256k1, P-256, WebAuthn, or one of these by an access key (type 0x04). Undefined for
 * everything else, which the chain would refuse or Farebox does not sell to: the old keychain form (0x03), multisig,
 * a high s, an unknown recovery id.
 *
 * @param bytes - Lowercase hex.
 */
export function readSignature(bytes: Hex): ReadSignature | undefined {
  const hex = bytes.slice(2);
  // 65 bytes are always a plain signature, whatever the first one is.
  if (hex.length !== 130 && hex.startsWith('04')) {
    const account = readAddress(`0x${hex.slice(2, 42)}`);
    const inner = readKeySignature(hex.slice(42));
    if (account === undefined || inner === undefined) return undefined;
    return {
      signature: { kind: 'keychain', account, key: inner.key },
      canonical: `0x04${hex.slice(2, 42)}${inner.canonical}`,
    };
  }
  const plain = readKeySignature(hex);
  return plain && { signature: plain.key, canonical: `0x${plain.canonical}` };
}

/** Whose signature it is. */
export interface Signer {
  /** Whose tokens are moved. */
  readonly account: Address;
  /** The access key that signed, when it was not the account's own. */
  readonly key?: Address;
  /** False for a passkey, whose signature only the chain checks: then it is who is said to have signed. */
  readonly proved: boolean;
}

/** What an access key really signs: the digest for one account (V2), so that it says nothing for another. */
function keychainDigest(digest: Hex, account: Address): Hex {
  return keccak256(`0x04${digest.slice(2)}${account.slice(2)}`);
}

async function signerOf(
  key: KeySignature,
  digest: Hex,
): Promise<{ address: Address; proved: boolean } | undefined> {
  switch (key.kind) {
    case 'webauthn':
      return { address: key.address, proved: false };
    case 'p256':
      return isSignedByP256(key, digest) ? { address: key.address, proved: true } : undefined;
    case 'secp256k1': {
      try {
        const v = key.yParity === 0 ? '1b' : '1c';
        const address = readAddress(await recoverAddress({ hash: digest, signature: `${key.rs}${v}` }));
        return address && { address, proved: true };
      } catch {
        return undefined; // r is on no point of the curve.
      }
    }
  }
}

function isSignedByP256(key: KeySignature & { kind: 'p256' }, digest: Hex): boolean {
  const message = hexToBytes(digest);
  const signed = key.prehash ? createHash('sha256').update(message).digest() : message;
  try {
    return p256.verify(hexToBytes(key.rs), signed, hexToBytes(`0x04${key.publicKey.slice(2)}`), {
      prehash: false,
    });
  } catch {
    return false; // The key is on no point of the curve.
  }
}

/** Finds who signed a digest. Undefined when nobody did. */
export async function recoverSigner(signature: SenderSignature, digest: Hex): Promise<Signer | undefined> {
  if (signature.kind !== 'keychain') {
    const own = await signerOf(signature, digest);
    return own && { account: own.address, proved: own.proved };
  }
  const { account } = signature;
  const key = await signerOf(signature.key, keychainDigest(digest, account));
  return key && { account, key: key.address, proved: key.proved };
}
