import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import type { VaultNode } from '@farebox/wallet/vault';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { only } from '../testing/run.js';
import { Shop } from '../testing/shop.js';
import { knownKeys, knownPhrase, newHome, passphrase, placeVault } from './testing/vault-home.js';

const bin = fileURLToPath(new URL('../../bin/farebox.js', import.meta.url));
let devnet: Devnet;
let server: DevnetServer;
let shop: Shop;
let home = '';

beforeAll(async () => {
  devnet = await startDevnet();
  server = await serveDevnet(devnet);
  shop = await new Shop(devnet.merchant).listen();
});
afterAll(async () => {
  await shop.close();
  await server.close();
  await devnet.close();
});
beforeEach(async () => {
  home = newHome();
  await writeDevnetFile(home, { url: server.url, token: server.token });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Runs the command in an environment with nothing in it but this. */
function bare(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', FAREBOX_HOME: home, ...more };
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const child = spawn('/usr/bin/env', ['-i', ...variables, process.execPath, bin, ...words], {
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
}

it('creates, pays and tells its history with no home, no keyring, no D-Bus and no terminal (R32)', async () => {
  const words = { FAREBOX_PASSPHRASE: passphrase };
  const before = (await devnet.wallet.balance()).spendableMsat;
  expect((await bare(['wallet', 'create', '--json'], words)).code).toBe(0);
  const url = `${shop.url}/price/3`;
  // A preview needs no passphrase.
  const preview = await bare(['pay', 'request', url, '--json']);
  expect([preview.code, only(preview.stdout)]).toMatchObject([0, { paid: false, cost: { amount: '3' } }]);
  const locked = await bare(['pay', 'request', url, '--yes', '--json']);
  expect([locked.code, only(locked.stderr)]).toMatchObject([
    1,
    { paid: false, error: { code: 'vault_locked' } },
  ]);
  const paid = await bare(['pay', 'request', url, '--yes', '--json', '-a', '0'], words);
  expect([paid.code, only(paid.stdout)]).toMatchObject([0, { paid: true, status: 200 }]);
  const history = await bare(['pay', 'history', '--json']);
  expect(only(history.stdout)).toMatchObject({
    payments: [{ id: only(paid.stdout).id, state: 'delivered' }],
  });
  expect(before - (await devnet.wallet.balance()).spendableMsat).toBe(3_000n);
  const balance = await bare(['wallet', 'balance', '--json'], words);
  expect([balance.code, only(balance.stdout)]).toMatchObject([
    0,
    {
      account: { index: 0, name: 'main' },
      lightning: { kind: 'devnet', network: 'regtest', spendable: { amount: String(before - 3_000n) } },
      tempo: { error: { code: 'node_not_found' } },
    },
  ]);
  expect(readdirSync(home)).toContain('vault.age');
});

const credential = 'c0ffee-and-sugar-c0ffee';
const node: VaultNode = {
  kind: 'eclair',
  settings: { url: 'http://127.0.0.1:1' },
  secret: credential,
  network: 'regtest',
  payer: 'eclair:02aa',
  feesUncapped: false,
};

it('writes no secret anywhere but into the vault, whatever is asked of it, with debugging on', async () => {
  await placeVault(home, ['main', 'agent'], { agent: node });
  const secretFile = join(home, 'new.txt');
  writeFileSync(secretFile, credential, { mode: 0o600 });
  const words = { FAREBOX_PASSPHRASE: passphrase, FAREBOX_DEBUG: '1', XDG_RUNTIME_DIR: home };
  const url = `${shop.url}/price/2`;
  const set = ['wallet', 'node', 'set', 'eclair', '--password-file', secretFile];
  const asked: readonly (readonly string[])[] = [
    ['wallet', 'accounts'],
    ['wallet', 'accounts', 'add', 'third'],
    ['wallet', 'node', 'show', '-a', 'agent'],
    [...set, '--url', 'http://127.0.0.1:1'],
    [...set, '--offline', '--network', 'regtest', '-a', 'third'],
    ['wallet', 'balance', '-a', 'agent'],
    ['wallet', 'backup', join(home, 'copy.age')],
    ['wallet', 'unlock'],
    ['pay', 'request', url, '--yes', '-a', 'agent'],
    ['pay', 'request', url, '--yes', '--json', '--node', 'devnet'],
    ['pay', 'history'],
  ];
  let told = '';
  const codes: (number | null)[] = [];
  for (const command of asked) {
    const { code, stdout, stderr } = await bare(command, words);
    codes.push(code);
    told += stdout + stderr;
  }
  // What cannot work says so: a node that does not answer, and that it therefore did not pay.
  expect(codes).toEqual([0, 0, 0, 3, 0, 3, 0, 0, 4, 0, 0]);
  rmSync(secretFile);
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    if (/\.(?:db|db-wal|db-shm|session|json|yaml)$/.test(name))
      told += readFileSync(join(home, name), 'latin1');
  }
  const preimages = /"preimage":"([0-9a-f]{64})"/.exec(told);
  expect(preimages).toBeNull();
  for (const secret of [passphrase, knownPhrase, credential, ...knownKeys.map((key) => key.slice(2))]) {
    expect(told.includes(secret), secret.slice(0, 8)).toBe(false);
  }
});
