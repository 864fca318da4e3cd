import type { Gate } from '@farebox/gate';
import type { Ledger } from '@farebox/ledger';
import type { Coupon, Namespace } from '../names/namespace.js';
import type { Registry } from '../registry/registry.js';
import type { Database } from '../store/database.js';
import type { LockCaps } from './plan.js';
import type { Presentation, RefusedOrders } from './presentation.js';

/** A token that names are paid in on Tempo. Six decimals, a dollar each. */
export interface SaleToken {
  /** `pathUSD` */
  readonly name: string;
  /** Lower case. */
  readonly address: string;
  readonly recipient: string;
}

/** How names are paid for. */
export interface PayingTerms {
  /** The chain that is sold on; undefined: not on Tempo. */
  readonly tempo: { readonly chainId: number; readonly tokens: readonly SaleToken[] } | undefined;
  readonly lightning: boolean;
  /** What one gem of a prepaid balance is worth, in millionths of a dollar. */
  readonly usdMicrosPerGem: bigint;
}

/** Everything that selling a name takes, put together once. */
export interface Desk {
  readonly db: Database;
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly coupons: ReadonlyMap<string, Coupon>;
  readonly paying: PayingTerms;
  readonly caps: LockCaps;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly keyPrefix: string;
  readonly realm: string;
  readonly now: () => number;
  /** Something has been put down for the webhooks. */
  readonly eventsWaiting: () => void;
  /** What went wrong where nobody else is told. */
  readonly onFault: (what: string, error: unknown) => void;
  /** Credentials that are being judged, by their order's id. */
  readonly presented: Map<string, Presentation>;
  readonly refusedOrders: RefusedOrders;
}
