import type { CalendarUnit, Plan } from '../limits/window.js';
import type { ListenAddress } from './listen.js';

/** How access is sold by API key. */
export interface KeysConfig {
  /** Name of the header field, lower case. */
  readonly header: string;
  readonly prefix: string;
  readonly store: KeyStoreConfig;
  /** By name; holds `default`. */
  readonly plans: ReadonlyMap<string, Plan>;
  /** Labels of routes, that keys may be limited to. */
  readonly labels: ReadonlySet<string>;
}

/** Where keys, and the counts of limits, are kept. */
export type KeyStoreConfig =
  | { readonly kind: 'sqlite' /** Absolute, or `:memory:`. */; readonly path: string }
  /** In the database of the ledger, in a schema of its own. */
  | { readonly kind: 'postgres'; readonly schema: string };

/** Requests of a route that are free. */
export interface FreeQuotaConfig {
  readonly requests: number;
  readonly per: CalendarUnit;
  readonly by: 'client' | 'key';
}

/** What of a route concerns keys and free requests. */
export interface RouteAccessConfig {
  readonly labels: readonly string[];
  readonly free: FreeQuotaConfig | undefined;
  /** True: the client's key is sent on to the upstream. */
  readonly forwardKey: boolean;
}

/** Where the admin API is. */
export interface AdminConfig {
  readonly listen: ListenAddress;
  /** Absolute path. */
  readonly tokenFile: string;
}

/** Where the admin API listens unless the configuration says otherwise. */
export const adminListenDefault = '127.0.0.1:8403';
