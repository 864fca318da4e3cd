import type { ApiKey, StoredKey } from './key.js';

/** A key that is to be made. */
export interface NewKey {
  readonly id: string;
  readonly hash: string;
  readonly shown: string;
  readonly name: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
}

/** What may be changed of a key. What is left out stays; `expiresMs: null` takes the end away. */
export interface KeyChange {
  readonly name?: string | undefined;
  readonly plan?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresMs?: number | null | undefined;
}

/** Another secret for a key. */
export interface KeyRotation {
  readonly hash: string;
  readonly shown: string;
  /** Until when the secret before it still works. */
  readonly oldUntilMs: number;
  readonly nowMs: number;
}

/**
 * Where keys are kept. Every promise rejects with {@link KeyStoreUnavailable} when the store cannot tell: then no key opens
 * anything. Changes of several processes are seen by all.
 */
export interface KeyStore {
  /** How often something was changed that decides what a key opens. Cheap: asked twice a second. */
  changes(): Promise<number>;
  /** The key that one of whose secrets has this hash, in whatever state. */
  find(hash: string): Promise<StoredKey | undefined>;
  create(key: NewKey): Promise<void>;
  /** Keys in the order in which they were made, after the one named. */
  list(after: string | undefined, keysMax: number): Promise<ApiKey[]>;
  /** The key of an id, or of the shown beginning of its secret where only one begins so. */
  show(name: string): Promise<ApiKey | undefined>;
  /** Undefined: there is no such key. Likewise below. */
  change(id: string, change: KeyChange): Promise<ApiKey | undefined>;
  /** Revoking twice keeps the first time. */
  revoke(id: string, nowMs: number): Promise<ApiKey | undefined>;
  /** Gives a key that is not revoked another secret. */
  rotate(id: string, rotation: KeyRotation): Promise<ApiKey | undefined>;
  /** Notes when keys were last used; never earlier than what is noted. */
  touch(uses: ReadonlyMap<string, number>): Promise<void>;
  close(): Promise<void>;
}

/** The store of keys did not answer, or not in time. The message never holds a URL or a key. */
export class KeyStoreUnavailable extends Error {
  override readonly name = 'KeyStoreUnavailable';
  readonly code = 'key_store_unavailable';
  readonly retry = 'safe';
}
