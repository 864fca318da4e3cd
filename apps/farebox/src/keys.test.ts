import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, createLogger, type Gateway, loadConfig } from '@farebox/gateway';
import { PaperNode } from '@farebox/lightning/paper';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onlyLines } from './ledger/testing/json-lines.js';
import { only, run } from './testing/run.js';

// A gateway that runs, and the commands beside it, on the same files.

let home = '';
let gateway: Gateway;
let url = '';
const upstream = createServer((_request, response) => response.end('{"ok":true}'));

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'farebox-keys-cli-'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = upstream.address() as AddressInfo;
  writeFileSync(
    join(home, 'farebox.yaml'),
    `realm: http://localhost
listen: 127.0.0.1:0
ledger: sqlite:farebox.db
lightning: { node: { kind: devnet }, pool: off }
upstreams: { api: 'http://127.0.0.1:${port}' }
keys: { prefix: acme_ }
plans: { trial: { rate: [{ requests: 1000, per: 1m }], key_life: 10d } }
admin: { listen: '127.0.0.1:0', token_file: admin.token }
routes: [{ match: GET /paid/*, upstream: api, price: 1 sat }]
`,
  );
  writeFileSync(
    join(home, 'keyless.yaml'),
    `realm: http://localhost
upstreams: { api: 'http://127.0.0.1:9' }
routes: [{ match: GET /free, upstream: api, price: free }]
`,
  );
  gateway = await createGateway(await loadConfig(join(home, 'farebox.yaml')), {
    node: new PaperNode(),
    secrets: ['a secret of the tests that is long enough to sign'],
    logger: createLogger('silent'),
  });
  ({ url } = await gateway.listen());
});
afterAll(async () => {
  await gateway.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(home, { recursive: true, force: true });
});

const farebox = (...words: string[]) => run(home, [...words, '-c', join(home, 'farebox.yaml')]);
const statusWith = async (key: string): Promise<number> => {
  const response = await fetch(`${url}/paid/x`, { headers: { 'x-api-key': key } });
  await response.arrayBuffer();
  return response.status;
};
/**
 * The files that hold a text. Read by another process: to close a file that SQLite has open in this one would drop its
 * locks (POSIX), and the commands would then take the gateway's database away.
 */
function filesWith(text: string): string[] {
  const found = spawnSync('grep', ['-rlaF', text, home], { encoding: 'utf8' }).stdout;
  return found.split('\n').filter((line) => line !== '');
}
/** As a customer would see it: again and again, until it is so. */
async function until(key: string, status: number): Promise<void> {
  while ((await statusWith(key)) !== status) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('keys', () => {
  it('a key is made beside the gateway, shown once, and opens at once; on disk is only its hash', async () => {
    const made = await farebox('keys', 'create', '--name', 'Acme Ltd', '--plan', 'trial');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^acme_[1-9A-Za-z]{32}\n$/) });
    const secret = made.stdout.trim();
    expect(await statusWith(secret)).toBe(200);
    const [listed] = onlyLines((await farebox('keys', 'list', '--json')).stdout);
    expect(listed).toMatchObject({
      name: 'Acme Ltd',
      plan: 'trial',
      state: 'active',
      shown: secret.slice(0, 9),
    });
    expect(filesWith(secret)).toEqual([]);
    expect(filesWith(String(listed?.id))).not.toEqual([]);
  });

  it('rotating gives another secret, and the old one works no more', async () => {
    const { key: old, id } = only((await farebox('keys', 'create', '--json')).stdout);
    expect(await statusWith(String(old))).toBe(200);
    const rotated = only((await farebox('keys', 'rotate', String(id), '--json')).stdout);
    expect(rotated).toMatchObject({ ok: true, id, state: 'active' });
    await until(String(old), 401);
    expect(await statusWith(String(rotated.key))).toBe(200);
  });

  it('revoking closes a key at the gateway that knows it', async () => {
    const { key, id, shown } = only((await farebox('keys', 'create', '--json')).stdout);
    expect(await statusWith(String(key))).toBe(200);
    const revoked = only((await farebox('keys', 'revoke', String(shown), '--json')).stdout);
    expect(revoked).toMatchObject({ id, state: 'revoked' });
    await until(String(key), 401);
    const again = await farebox('keys', 'rotate', String(id), '--json');
    expect([again.code, only(again.stderr)]).toMatchObject([
      1,
      { error: { code: 'no_such_key', message: expect.stringContaining('is revoked') } },
    ]);
  });

  it.each([
    [['create', '--plan', 'gold'], 2, 'There is no plan "gold"; there are: default, trial'],
    [['create', '--scope', 'bitcoins'], 2, 'No route has the label "bitcoins"'],
    [['show', 'key_none'], 1, 'There is no key "key_none"'],
    [['rotate', 'key_none', '--keep-old', 'long'], 2, '--keep-old is'],
  ])('%j: exit %i', async (words, code, sentence) => {
    const ran = await farebox('keys', ...words);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toContain(sentence);
  });

  it('a configuration that sells nothing by key says what to add', async () => {
    const ran = await run(home, ['keys', 'list', '-c', join(home, 'keyless.yaml')]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('add the line keys: {}')]);
  });
});

describe('admin', () => {
  const admin = (...words: string[]) =>
    run(home, [
      'admin',
      ...words,
      '--url',
      gateway.adminUrl ?? '',
      '--token-file',
      join(home, 'admin.token'),
    ]);

  it('tells state, routes, keys, claims and revenue', async () => {
    expect(only((await admin('state', '--json')).stdout)).toMatchObject({
      ok: true,
      status: 'ok',
      keys: true,
    });
    expect((await admin('routes')).stdout).toMatch(/GET \/paid\/\* +charge +1 sat +api/);
    const keys = only((await admin('keys', '--json')).stdout).keys;
    expect(Array.isArray(keys) && keys.length).toBeGreaterThan(0);
    expect(only((await admin('claims', '--json')).stdout)).toEqual({ ok: true, claims: [], next: null });
    const revenue = await admin('revenue', '--by', 'day', '--from', '7d', '--json');
    expect(only(revenue.stdout)).toEqual({ ok: true, by: 'day', rows: [] });
  });

  it('a wrong token, a wrong question and no gateway are three exit codes', async () => {
    const wrong = join(home, 'wrong.token');
    writeFileSync(wrong, 'x'.repeat(40), { mode: 0o600 });
    const at = ['--url', gateway.adminUrl ?? ''];
    expect((await run(home, ['admin', 'state', ...at, '--token-file', wrong])).code).toBe(1);
    expect((await admin('revenue', '--by', 'week')).code).toBe(2);
    const nowhere = ['--url', 'http://127.0.0.1:1', '--token-file', wrong];
    const ran = await run(home, ['admin', 'state', ...nowhere]);
    expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining('is the gateway running?')]);
  });
});
