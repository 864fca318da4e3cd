import { describe, expect, it } from 'vitest';
import { cachedStrangersMax, freshMs, KeyCache } from './key-cache.js';
import { drawSecret } from './secret.js';
import { openSqliteKeys } from './sqlite.js';
import { type KeyStore, KeyStoreUnavailable } from './store.js';
import { newKey, startMs } from './testing/new-key.js';

/** A real store whose questions are counted, a cache before it, and a clock that the test moves. */
async function scene(keysMax = 100) {
  const store = await openSqliteKeys(':memory:');
  const asked = { changes: 0, find: 0 };
  const clock = { ms: 1_000 };
  const counted: Pick<KeyStore, 'changes' | 'find'> = {
    changes: () => {
      asked.changes++;
      return store.changes();
    },
    find: (hash) => {
      asked.find++;
      return store.find(hash);
    },
  };
  const cache = new KeyCache({ store: counted, keysMax, clock: () => clock.ms });
  const make = async (): Promise<{ readonly id: string; readonly secret: string }> => {
    const { key, secret } = newKey();
    await store.create(key);
    return { id: key.id, secret };
  };
  return { store, counted, cache, clock, asked, make };
}

describe('a remembered key', () => {
  it('costs no question while it is fresh, and one for all keys when it is not', async () => {
    const { cache, clock, asked, make } = await scene();
    const [a, b] = [await make(), await make()];
    for (const { secret } of [a, b]) await cache.find(secret);
    const before = { ...asked };
    clock.ms += freshMs - 1;
    // Without a promise: the caller need not wait.
    expect(cache.find(a.secret)).toMatchObject({ id: a.id });
    expect(asked).toEqual(before);
    clock.ms += 1;
    await Promise.all([cache.find(a.secret), cache.find(b.secret)]);
    expect(asked).toEqual({ changes: before.changes + 1, find: before.find });
  });

  it('a revocation is seen as soon as what is remembered is not fresh any more', async () => {
    const { cache, clock, make, store } = await scene();
    const { id, secret } = await make();
    await cache.find(secret);
    await store.revoke(id, startMs);
    clock.ms += freshMs;
    expect((await cache.find(secret))?.revokedMs).toBe(startMs);
  });

  it('a store that does not answer opens nothing', async () => {
    const { cache, clock, make, store } = await scene();
    const { secret } = await make();
    await cache.find(secret);
    await store.close();
    clock.ms += freshMs;
    await expect(cache.find(secret)).rejects.toBeInstanceOf(KeyStoreUnavailable);
    await expect(cache.find(secret)).rejects.toBeInstanceOf(KeyStoreUnavailable);
  });

  it('is looked up once for all who ask at the same time', async () => {
    const { cache, asked, make } = await scene();
    const { secret } = await make();
    await Promise.all(Array.from({ length: 50 }, () => cache.find(secret)));
    expect(asked).toEqual({ changes: 1, find: 1 });
  });

  it('read before a revocation and remembered after it: is not believed', async () => {
    const { counted, clock, make, store } = await scene();
    const { id, secret } = await make();
    let goOn: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let late = false;
    const slow = new KeyCache({
      clock: () => clock.ms,
      store: {
        changes: counted.changes,
        find: async (hash) => {
          const key = await counted.find(hash);
          if (!late) await held;
          return key;
        },
      },
    });
    const reading = slow.find(secret);
    await Promise.resolve();
    late = true;
    await store.revoke(id, startMs);
    clock.ms += freshMs;
    const fresh = slow.find(secret);
    expect((await fresh)?.revokedMs).toBe(startMs);
    goOn();
    await reading;
    expect((await slow.find(secret))?.revokedMs).toBe(startMs);
  });
});

describe('bounds', () => {
  it('remembers so many keys and no more; who is forgotten is looked up again', async () => {
    const { cache, make } = await scene(3);
    const made = [await make(), await make(), await make(), await make()];
    for (const { secret } of made) await cache.find(secret);
    expect(cache.size).toBe(3);
    expect((await cache.find(made[0]?.secret ?? ''))?.id).toBe(made[0]?.id);
    expect(cache.size).toBe(3);
  });

  it('asks about a stranger once, and a flood of them drives no key out', async () => {
    const { cache, asked, make } = await scene();
    const { secret } = await make();
    await cache.find(secret);
    const stranger = drawSecret('x');
    await cache.find(stranger);
    const { find } = asked;
    expect(await cache.find(stranger)).toBeUndefined();
    expect(asked.find).toBe(find);
    for (let i = 0; i < cachedStrangersMax + 10; i++) await cache.find(drawSecret('x'));
    const before = asked.find;
    expect(await cache.find(secret)).toBeDefined();
    expect(asked.find).toBe(before);
  });

  it('whose key it once was is no stranger, after every change', async () => {
    const { cache, clock, make, store } = await scene();
    const { id, secret } = await make();
    expect(cache.isFamiliar(secret)).toBe(false);
    await cache.find(secret);
    await store.change(id, { name: 'another' });
    clock.ms += freshMs;
    await cache.find(drawSecret('x'));
    expect([cache.size, cache.isFamiliar(secret)]).toEqual([0, true]);
  });

  it('asks nobody about what can be no key', async () => {
    const { cache, asked } = await scene();
    expect(cache.find('nonsense')).toBeUndefined();
    expect(asked).toEqual({ changes: 0, find: 0 });
  });
});
