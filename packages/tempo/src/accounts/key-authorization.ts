import { type Result, refuse } from '@farebox/protocol';
import { Account } from 'viem/tempo';
import { type Address, type Hex, isHex, readAddress } from '../chain/hex.js';
import type { KeyType } from './account.js';
import type { KeyLimit, KeyScope } from './key-state.js';
import type { SignedAuthorization } from './transaction.js';

/** What a root key allows an access key. */
export interface KeyGrant {
  readonly chainId: number;
  /** The access key's own address and curve. */
  readonly key: { readonly address: Address; readonly keyType: KeyType };
  /** Seconds since the epoch; from then on the key signs nothing more. */
  readonly expiresS: number;
  /** Most that may be spent, fees included, by token. A token that is not listed cannot be spent at all. */
  readonly limits: readonly KeyLimit[];
  /** What may be called, and who may be paid. Left out: anything, within the limits. */
  readonly scopes?: readonly KeyScope[];
}

/**
 * A root key's signed permission for an access key, not on the chain yet. Whoever has it can register that key for
 * that account and nothing else; it is of no use without the access key.
 */
export interface KeyAuthorization {
  readonly grant: KeyGrant;
  /** The bytes of it, in hex: how it is stored and handed over. */
  readonly serialized: Hex;
  /** For the transaction that carries it. */
  readonly signed: SignedAuthorization;
}

/** Longest serialised permission that is read, characters. */
export const authorizationCharsMax = 16_384;

/**
 * Signs a permission with the account's root key. Nothing is sent: hand the bytes to the access key's wallet, whose
 * first payment carries them, or register them at once with `registerKey`.
 */
export async function signKeyAuthorization(rootPrivateKey: Hex, grant: KeyGrant): Promise<KeyAuthorization> {
  const root = Account.fromSecp256k1(rootPrivateKey);
  const signed = await Account.signKeyAuthorization(root, {
    chainId: BigInt(grant.chainId),
    key: { address: grant.key.address, type: grant.key.keyType },
    expiry: grant.expiresS,
    limits: grant.limits.map(({ token, limit, periodS }) => ({
      token,
      limit,
      ...(periodS !== undefined && { period: periodS }),
    })),
    ...(grant.scopes && { scopes: grant.scopes.flatMap(viemScopes) }),
  });
  return { grant, signed, serialized: Account.z_KeyAuthorization.serialize(signed) };
}

type ViemScope = NonNullable<SignedAuthorization['scopes']>[number];

function viemScopes(scope: KeyScope): ViemScope[] {
  if (scope.selectors.length === 0) return [{ address: scope.target }];
  return scope.selectors.map(({ selector, recipients }) => ({
    address: scope.target,
    selector,
    ...(recipients.length > 0 && { recipients: [...recipients] }),
  }));
}

/**
 * Reads a serialised permission. That it is signed by the right root key, the chain decides.
 * Code: `authorization_malformed`.
 */
export function parseKeyAuthorization(text: string): Result<KeyAuthorization> {
  const serialized = text.trim();
  if (!isHex(serialized) || serialized.length > authorizationCharsMax) return malformed();
  let signed: ReturnType<typeof Account.z_KeyAuthorization.deserialize>;
  try {
    signed = Account.z_KeyAuthorization.deserialize(serialized);
  } catch {
    return malformed();
  }
  const grant = readGrant(signed);
  if (grant === undefined || !isSigned(signed)) return malformed();
  return { ok: true, value: { grant, signed, serialized } };
}

function isSigned(
  authorization: ReturnType<typeof Account.z_KeyAuthorization.deserialize>,
): authorization is SignedAuthorization {
  return authorization.signature !== undefined;
}

function readGrant(
  authorization: ReturnType<typeof Account.z_KeyAuthorization.deserialize>,
): KeyGrant | undefined {
  const { type, expiry, limits, scopes, isAdmin } = authorization;
  const address = readAddress(authorization.address);
  if (address === undefined || (type !== 'secp256k1' && type !== 'p256')) return undefined;
  // A key without expiry, without limits or with admin rights may do more than a paying key should.
  if (typeof expiry !== 'number' || limits === undefined || isAdmin) return undefined;
  const read: KeyLimit[] = [];
  for (const { token, limit, period } of limits) {
    const tokenAddress = readAddress(token);
    if (tokenAddress === undefined) return undefined;
    read.push({ token: tokenAddress, limit, ...(period && { periodS: Number(period) }) });
  }
  return {
    chainId: Number(authorization.chainId),
    key: { address, keyType: type },
    expiresS: expiry,
    limits: read,
    ...(scopes && { scopes: readScopes(scopes) }),
  };
}

function readScopes(scopes: readonly ViemScope[]): KeyScope[] {
  const byTarget = new Map<Address, KeyScope['selectors'][number][]>();
  for (const { address, selector, recipients = [] } of scopes) {
    const target = readAddress(address);
    if (target === undefined) continue;
    const selectors = byTarget.get(target) ?? [];
    byTarget.set(target, selectors);
    if (!isHex(selector)) continue;
    selectors.push({
      selector,
      recipients: recipients.map(readAddress).filter((recipient) => recipient !== undefined),
    });
  }
  return [...byTarget].map(([target, selectors]) => ({ target, selectors }));
}

function malformed(): ReturnType<typeof refuse> {
  return refuse(
    'authorization_malformed',
    'This is no permission for a limited access key; make one with: farebox wallet tempo authorize',
  );
}
