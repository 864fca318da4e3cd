import type { KeyStore } from './store.js';

/** How often last uses are written, milliseconds. */
export const lastUseEveryMs = 10_000;
/** Most keys whose use waits to be written; the last use of others is written another time. */
export const lastUsesMax = 10_000;

/** Notes when keys are used, and writes it now and then. */
export interface LastUse {
  note(keyId: string, nowMs: number): void;
  /** Writes what is noted, and stops. */
  close(): Promise<void>;
}

/**
 * Makes a {@link LastUse}. A write that fails is tried again with the next; after a crash the last ten seconds are missing.
 *
 * @param onFailure told about a write that failed
 */
export function createLastUse(store: Pick<KeyStore, 'touch'>, onFailure: (error: unknown) => void): LastUse {
  let noted = new Map<string, number>();
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    if (noted.size === 0) return;
    const uses = noted;
    noted = new Map();
    try {
      await store.touch(uses);
    } catch (error) {
      for (const [id, ms] of uses) if (!noted.has(id) && noted.size < lastUsesMax) noted.set(id, ms);
      onFailure(error);
    }
  }

  const timer = setInterval(() => {
    writing = writing.then(write);
  }, lastUseEveryMs);
  timer.unref();
  return {
    note(keyId, nowMs) {
      if (noted.size < lastUsesMax || noted.has(keyId)) noted.set(keyId, nowMs);
    },
    async close() {
      clearInterval(timer);
      await writing;
      await write();
    },
  };
}
