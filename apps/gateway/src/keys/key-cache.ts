import { timingSafeEqual } from 'node:crypto';
import type { StoredKey } from './key.js';
import { hashSecret, isKeyShaped } from './secret.js';
import type { KeyStore } from './store.js';

/** Most keys that are remembered; about 1 KB each. */
export const cachedKeysMax = 10_000;
/** Most hashes that are remembered to be nobody's. */
export const cachedStrangersMax = 1_000;
/** What is remembered is used no longer than this without asking the store whether anything has changed, milliseconds. */
export const freshMs = 500;

/** What a {@link KeyCache} is made of. */
export interface KeyCacheOptions {
  readonly store: Pick<KeyStore, 'changes' | 'find'>;
  readonly keysMax?: number;
  /** A clock that only runs forward, milliseconds. */
  readonly clock?: () => number;
}

/**
 * Remembers keys, so that a request with one costs no query. Nothing remembered is believed for longer than {@link freshMs}
 * without the store's word that nothing has changed, and a store that does not answer opens nothing: a revocation reaches
 * every gateway within that time and one query, whatever else happens.
 */
export class KeyCache {
  readonly #store: Pick<KeyStore, 'changes' | 'find'>;
  readonly #keysMax: number;
  readonly #clock: () => number;
  readonly #known = new Map<string, StoredKey>();
  readonly #strangers = new Set<string>();
  /** Hashes that were somebody's. They open nothing, and outlive every change. */
  readonly #familiar = new Set<string>();
  readonly #loading = new Map<string, Promise<StoredKey | undefined>>();
  #changes = Number.NaN;
  #confirmedMs = Number.NEGATIVE_INFINITY;
  #confirming: Promise<void> | undefined;
  /** Grows when everything is forgotten: what was read before that is not remembered. */
  #epoch = 0;

  constructor({ store, keysMax = cachedKeysMax, clock = () => performance.now() }: KeyCacheOptions) {
    this.#store = store;
    this.#keysMax = keysMax;
    this.#clock = clock;
  }

  /** Keys that are remembered now. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * True for what was somebody's key when it was looked up, and for what need not be looked up: whoever limits how often
   * strangers are looked up need not count it. Says nothing about whether the key is good.
   */
  isFamiliar(secret: string): boolean {
    if (!isKeyShaped(secret)) return true;
    const hash = hashSecret(secret);
    return this.#familiar.has(hash) || this.#strangers.has(hash);
  }

  /**
   * The key that a secret is of, in whatever state; without a promise where it is remembered and fresh.
   * Rejects with `KeyStoreUnavailable`.
   */
  find(secret: string): StoredKey | undefined | Promise<StoredKey | undefined> {
    if (!isKeyShaped(secret)) return undefined;
    const hash = hashSecret(secret);
    if (this.#clock() - this.#confirmedMs < freshMs) {
      const known = this.#known.get(hash);
      if (known !== undefined) return this.#matching(known, hash);
    }
    return this.#findFresh(hash);
  }

  async #findFresh(hash: string): Promise<StoredKey | undefined> {
    if (this.#clock() - this.#confirmedMs >= freshMs) await this.#confirm();
    if (this.#strangers.has(hash)) return undefined;
    const known = this.#known.get(hash) ?? (await this.#load(hash));
    return known === undefined ? undefined : this.#matching(known, hash);
  }

  #confirm(): Promise<void> {
    this.#confirming ??= this.#askForChanges().finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  async #askForChanges(): Promise<void> {
    // The time of the question, not of its answer: what changed in between is not yet known.
    const askedMs = this.#clock();
    const changes = await this.#store.changes();
    if (changes !== this.#changes) {
      this.#known.clear();
      this.#strangers.clear();
      this.#loading.clear();
      this.#epoch++;
      this.#changes = changes;
    }
    this.#confirmedMs = askedMs;
  }

  /** Many requests with one key look it up once. */
  #load(hash: string): Promise<StoredKey | undefined> {
    const loading = this.#loading.get(hash);
    if (loading !== undefined) return loading;
    const epoch = this.#epoch;
    const loaded = this.#store.find(hash).then(
      (key) => {
        if (epoch === this.#epoch) {
          this.#loading.delete(hash);
          this.#remember(hash, key);
        }
        return key;
      },
      (error: unknown) => {
        if (epoch === this.#epoch) this.#loading.delete(hash);
        throw error;
      },
    );
    this.#loading.set(hash, loaded);
    return loaded;
  }

  #remember(hash: string, key: StoredKey | undefined): void {
    if (key === undefined) {
      if (this.#strangers.size >= cachedStrangersMax) this.#strangers.clear();
      this.#strangers.add(hash);
      return;
    }
    if (this.#known.size >= this.#keysMax) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(hash, key);
    if (this.#familiar.size >= this.#keysMax) this.#familiar.clear();
    this.#familiar.add(hash);
  }

  /** The store found it by its hash; that it is really this one is compared in constant time. */
  #matching(key: StoredKey, hash: string): StoredKey | undefined {
    const same = equalHashes(key.hash, hash) || (key.oldHash !== undefined && equalHashes(key.oldHash, hash));
    return same ? key : undefined;
  }
}

/** True for equal hexadecimal hashes, in constant time. */
export function equalHashes(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
