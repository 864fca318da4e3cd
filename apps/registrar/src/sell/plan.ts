import type { DomainName } from '../names/domain-name.js';
import type { OrderPrice } from '../names/price.js';
import type { PurchaseKind } from '../store/purchases.js';

/** An order that was read and priced, before anybody has paid. */
export interface OrderPlan {
  readonly kind: PurchaseKind;
  readonly name: DomainName;
  readonly years: number;
  /** Who buys; undefined: whoever pays. */
  readonly agent: string | undefined;
  /** For whom a name is locked: the agent, or the address of somebody without a key. */
  readonly holder: string;
  /** Where it comes from. */
  readonly client: string;
  readonly price: OrderPrice;
}

/** Why an order cannot be had, and what may be said about it. */
export type Hindrance =
  | { readonly kind: 'taken'; readonly byAsker: boolean }
  | { readonly kind: 'locked'; readonly untilMs: number; readonly byAsker: boolean }
  | { readonly kind: 'too-many-locks'; readonly by: 'holder' | 'client' }
  | { readonly kind: 'coupon-used-up' }
  | { readonly kind: 'not-registered' }
  | { readonly kind: 'not-yours' }
  | { readonly kind: 'too-long' };

/** How many names may be locked at a time. */
export interface LockCaps {
  readonly perHolder: number;
  readonly perClient: number;
}

/** Names that one identity may have locked at a time, unless the configuration says otherwise. */
export const locksPerHolderDefault = 10;
/** Names that one address may have locked at a time, unless the configuration says otherwise. */
export const locksPerClientDefault = 40;
