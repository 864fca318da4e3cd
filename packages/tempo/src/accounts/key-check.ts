import { type Result, refuse } from '@farebox/protocol';
import type { Address, Hex } from '../chain/hex.js';
import type { KeyType } from './account.js';
import { anotherKeyAdvice, authorizeCommand } from './key-advice.js';
import type { KeyAuthorization } from './key-authorization.js';
import type { KeyState } from './key-state.js';
import { showUnits, unitsArgument } from './show-units.js';
import type { TransactionCall } from './transaction.js';

/** An access key and the account that it is to sign for. */
export interface KeyIdentity {
  readonly keyAddress: Address;
  readonly keyType: KeyType;
  readonly rootAccount: Address;
}

/** What a key is asked to spend, by token, fees included at their worst. */
export interface Spending {
  readonly token: Address;
  readonly amount: bigint;
}

function name(key: KeyIdentity): string {
  return `the access key ${key.keyAddress} of the account ${key.rootAccount}`;
}

function authorizeAdvice(key: KeyIdentity): string {
  return `authorise it with the account's root key: ${authorizeCommand(key)}, or pay with the account's own key`;
}

/** The instant in words that everybody reads alike. */
export function instant(seconds: number): string {
  // A key may expire later than a Date can be.
  return seconds > 253_402_300_799 ? 'the far future' : new Date(seconds * 1_000).toISOString();
}

/**
 * Whether a key may sign now, by the chain's clock. Nothing has been signed when this refuses, so no fee is lost; and
 * the challenge is not to blame, which each text says (R24).
 *
 * Codes: `key_not_registered`, `key_revoked`, `key_expired`, `key_type_mismatch`.
 */
export function checkKeyActive(state: KeyState, key: KeyIdentity, chainTimeS: number): Result<true> {
  switch (state.status) {
    case 'missing':
      return refuse(
        'key_not_registered',
        `AccountKeychainError(KeyNotFound): ${name(key)} is not registered on the chain, so it must not sign for it. The challenge is in order; ${authorizeAdvice(key)}`,
      );
    case 'revoked':
      return refuse(
        'key_revoked',
        `AccountKeychainError(KeyAlreadyRevoked): ${name(key)} was revoked, for good. The challenge is in order; ${anotherKeyAdvice(key.rootAccount)}`,
      );
    case 'registered':
      // The chain refuses from the second of the expiry on.
      if (state.expiresS <= chainTimeS) {
        return refuse(
          'key_expired',
          `AccountKeychainError(KeyExpired): ${name(key)} expired at ${instant(state.expiresS)}. The challenge is in order; ${anotherKeyAdvice(key.rootAccount)}`,
        );
      }
      if (state.keyType !== key.keyType) {
        return refuse(
          'key_type_mismatch',
          `AccountKeychainError(SignatureTypeMismatch): ${name(key)} is registered for signatures of the type ${state.keyType}, this wallet signs with ${key.keyType}`,
        );
      }
      return { ok: true, value: true };
  }
}

/**
 * Whether a key that may sign may also make these calls and spend this much. The chain would find out only after the
 * transaction was mined: it reverts, and the fee is gone.
 *
 * Codes: `key_limit_exceeded`, `key_scope_exceeded`.
 */
export function checkKeyAllows(
  state: KeyState,
  key: KeyIdentity,
  calls: readonly TransactionCall[],
  spendings: readonly Spending[],
): Result<true> {
  if (state.status !== 'registered') return checkKeyActive(state, key, 0);
  const forbidden = calls.find((call) => !isInScope(state, call));
  if (forbidden !== undefined) {
    return refuse(
      'key_scope_exceeded',
      `AccountKeychainError(CallNotAllowed): ${name(key)} must not pay ${firstAddress(forbidden.data)} with the token ${forbidden.to}. The challenge is in order; pay with the account's own key, or ${anotherKeyAdvice(key.rootAccount)}`,
    );
  }
  for (const spending of spendings) {
    const left = remaining(state, spending.token);
    if (left === undefined || spending.amount <= left.remaining) continue;
    const later = left.periodEndsS === undefined ? '' : `, more from ${instant(left.periodEndsS)} on`;
    return refuse(
      'key_limit_exceeded',
      `AccountKeychainError(SpendingLimitExceeded): ${name(key)} may still spend ${showUnits(left.remaining, spending.token)}${later}; price and fee can come to ${showUnits(spending.amount, spending.token)}. The challenge is in order; raise the limit with the account's root key: ${authorizeCommand(key, unitsArgument(spending.amount, spending.token))}, or pay with the account's own key`,
    );
  }
  return { ok: true, value: true };
}

/** What a key may still spend of a token; undefined when it is not limited. */
export function remaining(
  state: KeyState,
  token: Address,
): { readonly remaining: bigint; readonly periodEndsS?: number } | undefined {
  if (state.status !== 'registered' || state.allowances === undefined) return undefined;
  return state.allowances.find((allowance) => allowance.token === token) ?? { remaining: 0n };
}

function isInScope(state: KeyState & { readonly status: 'registered' }, call: TransactionCall): boolean {
  if (state.scopes === undefined) return true;
  const scope = state.scopes.find(({ target }) => target === call.to);
  if (scope === undefined) return false;
  if (scope.selectors.length === 0) return true;
  const rule = scope.selectors.find(({ selector }) => selector === call.data.slice(0, 10));
  if (rule === undefined) return false;
  return rule.recipients.length === 0 || rule.recipients.includes(firstAddress(call.data));
}

/** The first argument of a call, as the chain's scopes read it. */
function firstAddress(data: Hex): Address {
  return `0x${data.slice(34, 74)}`;
}

/**
 * What the chain will say of a key once its permission is on the chain.
 *
 * Code: `authorization_mismatch` when it is for another key or chain.
 */
export function stateAfter(
  authorization: KeyAuthorization,
  key: KeyIdentity,
  chainId: number,
): Result<KeyState> {
  const { grant } = authorization;
  // Chain 0 would mean every chain; a permission that can be used elsewhere is not one that we hand out.
  if (grant.chainId !== chainId || grant.key.address !== key.keyAddress) {
    return refuse(
      'authorization_mismatch',
      `The permission that this wallet holds is for the key ${grant.key.address} on chain ${grant.chainId}, not for ${key.keyAddress} on chain ${chainId}; ${authorizeAdvice(key)}`,
    );
  }
  return {
    ok: true,
    value: {
      status: 'registered',
      keyType: grant.key.keyType,
      expiresS: grant.expiresS,
      allowances: grant.limits.map(({ token, limit }) => ({ token, remaining: limit })),
      scopes: grant.scopes,
    },
  };
}
