import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
// The server for tests is the ledger's; it is not published with it, so it is taken from where it is built.
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { openPostgresKeys } from './postgres.js';
import { openSqliteKeys } from './sqlite.js';
import { type KeyStore, KeyStoreUnavailable } from './store.js';
import { newKey, startMs } from './testing/new-key.js';

let folder = '';
let server: PostgresServer | undefined;
let schemas = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-keys-'));
  if (privatePostgresMissing === undefined) server = await testPostgres('private');
});
afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true });
});

const missing = privatePostgresMissing;

describe.each(['sqlite', 'postgres'] as const)('keys in %s', (kind) => {
  const skipped = kind === 'postgres' && missing !== undefined;
  const title = skipped ? ` (skipped: ${missing})` : '';
  let place = '';
  const open = (): Promise<KeyStore> =>
    kind === 'sqlite'
      ? openSqliteKeys(join(folder, `${place}.db`))
      : openPostgresKeys(server?.url ?? '', place);
  const withStore = async (work: (store: KeyStore) => Promise<void>): Promise<void> => {
    const store = await open();
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };

  beforeEach(() => {
    place = `keys_${kind}_${++schemas}`;
  });

  it.skipIf(skipped)(`keeps a key and finds it by its hash alone${title}`, () =>
    withStore(async (store) => {
      const { key } = newKey({ scopes: ['GET /v1/*', 'runes'], expiresMs: startMs + 1, plan: 'trial' });
      await store.create(key);
      const found = await store.find(key.hash);
      const { hash, ...shown } = key;
      expect(found).toEqual({
        ...shown,
        hash,
        oldHash: undefined,
        oldUntilMs: undefined,
        revokedMs: undefined,
        rotatedMs: undefined,
        lastUsedMs: undefined,
      });
      expect(await store.find(key.id)).toBeUndefined();
      expect(await store.show(key.id)).not.toHaveProperty('hash');
      expect((await store.show(key.shown))?.id).toBe(key.id);
    }),
  );

  it.skipIf(skipped)('says of every change that something has changed, and of a last use not', () =>
    withStore(async (store) => {
      const { key } = newKey();
      const seen = new Set([await store.changes()]);
      const changed = async (): Promise<boolean> => {
        const changes = await store.changes();
        return !seen.has(changes) && seen.add(changes).size > 0;
      };
      await store.create(key);
      expect(await changed()).toBe(true);
      await store.touch(new Map([[key.id, startMs + 5]]));
      expect(await changed()).toBe(false);
      await store.change(key.id, { plan: 'other' });
      expect(await changed()).toBe(true);
      await store.rotate(key.id, { hash: 'h', shown: 's', oldUntilMs: startMs, nowMs: startMs });
      expect(await changed()).toBe(true);
      await store.revoke(key.id, startMs);
      expect(await changed()).toBe(true);
    }),
  );

  it.skipIf(skipped)('is listed in the order in which keys were made, a page at a time', () =>
    withStore(async (store) => {
      const keys = Array.from({ length: 5 }, () => newKey().key);
      for (const key of keys) await store.create(key);
      const first = await store.list(undefined, 2);
      const rest = await store.list(first.at(-1)?.id, 100);
      expect([...first, ...rest].map(({ id }) => id)).toEqual(keys.map(({ id }) => id));
      expect(await store.list(rest.at(-1)?.id, 100)).toEqual([]);
    }),
  );

  it.skipIf(skipped)('changes what is said and nothing else; null takes the end away', () =>
    withStore(async (store) => {
      const { key } = newKey({ expiresMs: startMs + 9 });
      await store.create(key);
      const changed = await store.change(key.id, {
        name: "Robert'); DROP TABLE api_key;--",
        expiresMs: null,
      });
      expect(changed).toMatchObject({ name: "Robert'); DROP TABLE api_key;--", plan: 'default' });
      expect(changed?.expiresMs).toBeUndefined();
      expect((await store.change(key.id, {}))?.id).toBe(key.id);
      expect(await store.change('key_none', { plan: 'x' })).toBeUndefined();
    }),
  );

  it.skipIf(skipped)('revokes once, and a revoked key cannot be rotated', () =>
    withStore(async (store) => {
      const { key } = newKey();
      await store.create(key);
      expect((await store.revoke(key.id, startMs + 1))?.revokedMs).toBe(startMs + 1);
      expect((await store.revoke(key.id, startMs + 2))?.revokedMs).toBe(startMs + 1);
      const rotation = { hash: 'new', shown: 's', oldUntilMs: startMs, nowMs: startMs };
      expect(await store.rotate(key.id, rotation)).toBeUndefined();
      expect(await store.find('new')).toBeUndefined();
    }),
  );

  it.skipIf(skipped)('rotates: both secrets are found, the one before the last not', () =>
    withStore(async (store) => {
      const { key } = newKey();
      await store.create(key);
      for (const [at, hash] of ['second', 'third'].entries())
        await store.rotate(key.id, { hash, shown: hash, oldUntilMs: startMs + at, nowMs: startMs + at });
      expect(await store.find('third')).toMatchObject({ id: key.id, hash: 'third', oldHash: 'second' });
      expect((await store.find('second'))?.id).toBe(key.id);
      expect(await store.find(key.hash)).toBeUndefined();
    }),
  );

  it.skipIf(skipped)('notes last uses, never an earlier one, of however many keys', () =>
    withStore(async (store) => {
      const keys = Array.from({ length: 3 }, () => newKey().key);
      for (const key of keys) await store.create(key);
      await store.touch(new Map([...keys.map(({ id }) => [id, startMs + 9] as const), ['key_none', 1]]));
      await store.touch(new Map([[keys[0]?.id ?? '', startMs + 3]]));
      for (const { lastUsedMs } of await store.list(undefined, 10)) expect(lastUsedMs).toBe(startMs + 9);
    }),
  );

  it.skipIf(skipped)('is one store for all who have it open, and outlives them', async () => {
    const { key } = newKey();
    const [a, b] = await Promise.all([open(), open()]);
    await a.create(key);
    expect((await b.find(key.hash))?.id).toBe(key.id);
    await b.revoke(key.id, startMs);
    expect((await a.find(key.hash))?.revokedMs).toBe(startMs);
    await Promise.all([a.close(), b.close()]);
    await withStore(async (store) => expect((await store.find(key.hash))?.id).toBe(key.id));
  });

  it.skipIf(skipped)('says that it is unavailable once it is closed', async () => {
    const store = await open();
    await store.close();
    await expect(store.changes()).rejects.toBeInstanceOf(KeyStoreUnavailable);
  });
});

it('a file of keys is its owner’s alone', async () => {
  const path = join(folder, 'private.db');
  await (await openSqliteKeys(path)).close();
  expect((await stat(path)).mode & 0o077).toBe(0);
});

it('a folder that is missing is said, with what to do', async () => {
  await expect(openSqliteKeys(join(folder, 'no', 'keys.db'))).rejects.toThrow(/its folder must exist/);
});
