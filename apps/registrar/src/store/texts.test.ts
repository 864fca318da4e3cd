import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// The server for tests is the ledger's; it is not published with it, so it is taken from where it is built.
import {
  type PostgresServer,
  privatePostgresMissing,
  testPostgres,
} from '../../../../packages/ledger/dist/testing/postgres-server.js';
import { findAgent, insertAgent } from './agents.js';
import type { Database } from './database.js';
import { openPostgresStore } from './postgres.js';
import { openSqliteStore } from './sqlite.js';

let folder = '';
let server: PostgresServer | undefined;
const stores = new Map<string, Database>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-registrar-texts-'));
  stores.set('sqlite', openSqliteStore(join(folder, 'registrar.db')));
  if (privatePostgresMissing !== undefined) return;
  server = await testPostgres('private');
  stores.set('postgres', await openPostgresStore({ url: server.url }));
});
afterAll(async () => {
  for (const db of stores.values()) await db.close();
  await server?.dispose();
  await rm(folder, { recursive: true });
});

describe.each(['sqlite', 'postgres'])('the store in %s', (kind) => {
  const skipped = kind === 'postgres' && privatePostgresMissing !== undefined;
  const title = skipped ? ` (skipped: ${privatePostgresMissing})` : '';
  const store = () => stores.get(kind) ?? expect.unreachable('it is not open');
  const write = (id: string, name: string) =>
    store().write((sql) => insertAgent(sql, { id, name, keyHash: id, claimHash: id, nowMs: 0 }));

  it.skipIf(skipped)(`gives texts back as they were${title}`, async () => {
    const texts = [
      '',
      '\u0001\u007f\t\r\n',
      String.raw`\u0000 \0 %00 ' ? $1`,
      '\ufeff\u{1f600}\uffff',
      'é e\u0301',
    ];
    for (const [n, text] of texts.entries()) {
      await write(`agt_${n}`, text);
      expect(await store().read((sql) => findAgent(sql, `agt_${n}`))).toMatchObject({ name: text });
    }
  });

  it.skipIf(skipped)('takes none that it could not give back, and looks for none', async () => {
    for (const text of ['a\u0000b', '\u0000', '\ud800', 'a\udc00b']) {
      await expect(write('agt_bad', text)).rejects.toThrow('U+0000');
      await expect(store().read((sql) => findAgent(sql, text))).rejects.toThrow('U+0000');
    }
    expect(await store().read((sql) => findAgent(sql, 'agt_bad'))).toBeUndefined();
  });
});
