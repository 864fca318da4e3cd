import type { Address, Hex } from '../chain/hex.js';
import type { KeyType } from './account.js';

/** How much of a token an access key may spend. */
export interface KeyLimit {
  readonly token: Address;
  /** Base units. */
  readonly limit: bigint;
  /** The limit comes back each period of so many seconds (TIP-1011). Left out: it is for the key's whole life. */
  readonly periodS?: number;
}

/** A contract that an access key may call. */
export interface KeyScope {
  readonly target: Address;
  /** What of it; an empty list allows everything. */
  readonly selectors: readonly {
    /** Four bytes. */
    readonly selector: Hex;
    /** Who may be paid by it; an empty list allows everybody. */
    readonly recipients: readonly Address[];
  }[];
}

/** What is left of a limit now. */
export interface KeyAllowance {
  readonly token: Address;
  /** Base units. */
  readonly remaining: bigint;
  /** When a periodic limit comes back, seconds since the epoch. */
  readonly periodEndsS?: number;
}

/** What the chain says of an access key of one account. */
export type KeyState =
  /** The chain has never heard of it, as the key of this account. */
  | { readonly status: 'missing' }
  | { readonly status: 'revoked' }
  | {
      /** Registered; by the chain's clock it may have expired. */
      readonly status: 'registered';
      readonly keyType: KeyType | 'other';
      /** Seconds since the epoch. */
      readonly expiresS: number;
      /** Undefined when the key has no spending limits at all. */
      readonly allowances: readonly KeyAllowance[] | undefined;
      /** Undefined when the key may call anything. */
      readonly scopes: readonly KeyScope[] | undefined;
    };
