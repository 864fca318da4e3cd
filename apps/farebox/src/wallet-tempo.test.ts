import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { only, run } from './testing/run.js';

let chain: TempoDevnet;
let homes: string[] = [];
let home = '';

beforeAll(async () => {
  chain = await startTempoDevnet();
});
afterAll(() => chain.close());

beforeEach(() => {
  home = newHome();
});
afterEach(() => {
  for (const directory of homes) rmSync(directory, { recursive: true, force: true });
  homes = [];
});

function newHome(): string {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-tempo-'));
  homes.push(directory);
  return directory;
}

const env = () => ({ FAREBOX_TEMPO_RPC: chain.url });
const tempoOf = (directory: string, words: readonly string[], stdin = '', more = {}) =>
  run(directory, ['wallet', 'tempo', ...words, '--json'], stdin, { ...env(), ...more });
const tempo = (...words: string[]) => tempoOf(home, words);

/** The one object of a command that works. */
async function done(directory: string, ...words: string[]) {
  const { code, stdout, stderr } = await tempoOf(directory, words);
  expect([code, stderr]).toEqual([0, '']);
  return only(stdout);
}

/** The error of a command that does not. */
async function failed(directory: string, words: readonly string[], stdin = '', more = {}) {
  const { code, stdout, stderr } = await tempoOf(directory, words, stdin, more);
  expect(stdout).toBe('');
  const report = only(stderr);
  expect(report).toMatchObject({ ok: false, exitCode: code });
  return report;
}

const keyFile = (directory: string) => join(directory, 'tempo-key.json');

function secretOf(directory: string): string {
  const key: unknown = JSON.parse(readFileSync(keyFile(directory), 'utf8')).privateKey;
  return String(key).slice(2);
}

describe('wallet tempo create', () => {
  it('makes a wallet of its own (R22): for its owner alone, shown to nobody, never written over', async () => {
    const { code, stdout, stderr } = await tempo('create');
    expect([code, stderr]).toEqual([0, '']);
    const made = only(stdout);
    expect(made).toMatchObject({ address: expect.stringMatching(/^0x[0-9a-f]{40}$/), accessKey: null });
    expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
    const before = readFileSync(keyFile(home), 'utf8');
    expect(stdout + stderr).not.toContain(secretOf(home));
    const again = await failed(home, ['create']);
    expect(again).toMatchObject({ exitCode: 1, error: { code: 'key_exists' } });
    expect(readFileSync(keyFile(home), 'utf8')).toBe(before);
    expect(await done(home, 'address')).toMatchObject({ address: made.address });
  });

  it('imports a key from stdin, of which the account is known', async () => {
    const [account] = chain.accounts;
    if (!account) throw new Error('no account');
    const { stdout } = await tempoOf(home, ['create', '--import'], `${account.privateKey}\n`);
    expect(only(stdout).address).toBe(account.address);
    expect(stdout).not.toContain(account.privateKey.slice(2));
  });

  it.each(['', 'ab'.repeat(31), `0x${'0'.repeat(64)}`, 'ff'.repeat(32)])(
    'imports nothing from %j',
    async (key) => {
      const report = await failed(home, ['create', '--import'], key);
      expect(report.exitCode).toBe(2);
      expect(existsSync(keyFile(home))).toBe(false);
      if (key !== '') expect(JSON.stringify(report)).not.toContain(key);
    },
  );

  it('takes no key from the arguments', async () => {
    expect((await failed(home, ['create', 'ab'.repeat(32)])).exitCode).toBe(2);
    expect(existsSync(keyFile(home))).toBe(false);
  });

  it('in a terminal says in a line what it has made', async () => {
    const { stdout } = await run(home, ['wallet', 'tempo', 'create']);
    expect(stdout).toMatch(/^0x[0-9a-f]{40}\n.*tempo-key\.json/);
  });
});

describe('the key file', () => {
  it('is not used while others may read it', async () => {
    await done(home, 'create');
    chmodSync(keyFile(home), 0o640);
    const report = await failed(home, ['address']);
    expect(report).toMatchObject({ error: { code: 'key_file_open' } });
    expect(JSON.stringify(report)).toContain('chmod 600');
  });

  it.each([
    'no json',
    '{}',
    '{"version":2,"keyType":"secp256k1","privateKey":"0xSECRET"}',
    `{"version":1,"keyType":"secp256k1","privateKey":"0x${'5'.repeat(64)}","rootAccount":"nobody"}`,
    `{"version":1,"keyType":"secp256k1","privateKey":"0x${'0'.repeat(64)}"}`,
    `{"version":1,"keyType":"rsa","privateKey":"0x${'5'.repeat(64)}"}`,
  ])('is not guessed at: %s', async (text) => {
    writeFileSync(keyFile(home), text, { mode: 0o600 });
    const report = await failed(home, ['address']);
    expect(report).toMatchObject({ exitCode: 1, error: { code: 'key_file_malformed' } });
    expect(JSON.stringify(report)).not.toMatch(/SECRET|5555/);
  });

  it('that is missing is told how to be made', async () => {
    for (const command of ['address', 'balance', 'keys']) {
      expect(JSON.stringify(await failed(home, [command]))).toContain('farebox wallet tempo create');
    }
  });
});

describe('wallet tempo balance', () => {
  it('is what the chain says', async () => {
    const { address } = await done(home, 'create');
    expect(await done(home, 'balance')).toMatchObject({ balances: [{ token: 'pathUSD', balance: '0' }] });
    await chain.fund(String(address), 1_234_567n);
    expect(await done(home, 'balance')).toMatchObject({
      chainId: 4217,
      balances: [{ balance: '1234567', spendable: '1234567' }],
    });
    const { stdout } = await run(home, ['wallet', 'tempo', 'balance'], '', env());
    expect(stdout.trim()).toBe('pathUSD  1.234567');
  });

  it('lists the tokens that are allowed, and refuses a list that cannot be read', async () => {
    await done(home, 'create');
    const tokens = { FAREBOX_TEMPO_TOKENS: `pathUSD,alphaUSD=${chain.tokens.alphaUsd}` };
    const { stdout } = await tempoOf(home, ['balance'], '', tokens);
    expect(only(stdout)).toMatchObject({ balances: [{ token: 'pathUSD' }, { token: 'alphaUSD' }] });
    for (const bad of [
      'wat',
      'a=0x12',
      'sat=0x20c0000000000000000000000000000000000001',
      'pathUSD,pathusd',
    ]) {
      expect((await failed(home, ['balance'], '', { FAREBOX_TEMPO_TOKENS: bad })).exitCode, bad).toBe(2);
    }
  });

  it('is not read from another chain, nor from nobody', async () => {
    await done(home, 'create');
    expect(await failed(home, ['balance', '--tempo-chain', '1337'])).toMatchObject({
      exitCode: 5,
      error: { code: 'chain_mismatch' },
    });
    expect(await failed(home, ['balance', '--tempo-rpc', 'http://127.0.0.1:1'])).toMatchObject({
      exitCode: 3,
      error: { code: 'rpc_unreachable' },
    });
    const url = 'ftp://user:hunter2@example.com';
    const wrong = await failed(home, ['balance', '--tempo-rpc', url]);
    expect(wrong.exitCode).toBe(2);
    expect(JSON.stringify(wrong)).not.toContain('hunter2');
    expect(await failed(home, ['balance'], '', { FAREBOX_TEMPO_RPC: '' })).toMatchObject({
      error: { code: 'node_not_found' },
    });
  });
});

describe('access keys (R23)', () => {
  let rootHome = '';
  let root = '';
  let key = '';

  beforeEach(async () => {
    rootHome = newHome();
    root = String((await done(rootHome, 'create')).address);
    await chain.fund(root, 10_000_000n);
    const made = await done(home, 'create', '--root-account', root);
    expect(made.address).toBe(root);
    key = String(made.accessKey);
    expect(key).not.toBe(root);
  });

  it('are authorised, listed and revoked by the account that they spend from', async () => {
    expect(await done(rootHome, 'keys')).toMatchObject({ keys: [] });
    const shown = await done(rootHome, 'authorize', key, '--limit', '0.5pathUSD', '--expires', '2h');
    expect(shown).toMatchObject({
      done: false,
      account: root,
      key,
      limits: [{ limit: '500000' }],
      payTo: null,
    });
    expect(await chain.balance(root)).toBe(10_000_000n);

    const made = await done(rootHome, 'authorize', key, '--limit', '0.5pathUSD', '--expires', '2h', '--yes');
    expect(made).toMatchObject({ done: true, transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(await chain.balance(root)).toBe(10_000_000n - BigInt(String(made.fee)));
    // The access key's own wallet sees the same, and how much it may spend.
    expect(await done(home, 'keys')).toMatchObject({
      account: root,
      keys: [{ key, status: 'registered', limits: [{ remaining: '500000' }], scoped: false }],
    });
    expect(await done(home, 'balance')).toMatchObject({ balances: [{ spendable: '500000' }] });

    expect(await done(rootHome, 'revoke', key)).toMatchObject({ done: false });
    expect(await done(rootHome, 'revoke', key, '--yes')).toMatchObject({ done: true, key });
    expect(await done(rootHome, 'keys')).toMatchObject({ keys: [{ key, status: 'revoked' }] });
    expect(await done(home, 'balance')).toMatchObject({ balances: [{ spendable: '0' }] });
  });

  it('are limited in time and in whom they pay, as was said', async () => {
    const words = ['--limit', '1pathUSD', '--period', '1d', '--pay-to', root, '--yes'];
    expect(await done(rootHome, 'authorize', key, ...words)).toMatchObject({
      limits: [{ periodSeconds: 86_400 }],
      payTo: [root],
    });
    expect(await done(home, 'keys')).toMatchObject({
      keys: [{ scoped: true, limits: [{ periodEnds: expect.stringMatching(/Z$/) }] }],
    });
  });

  it('cannot give away what is not theirs', async () => {
    expect(await failed(home, ['authorize', root, '--limit', '1pathUSD', '--yes'])).toMatchObject({
      exitCode: 2,
    });
    expect(await failed(home, ['revoke', key, '--yes'])).toMatchObject({ exitCode: 2 });
  });

  it('cost no more than was said, and a root without money is told so', async () => {
    const dear = ['authorize', key, '--limit', '1pathUSD', '--max-fee', '0.000001pathUSD', '--yes'];
    expect(await failed(rootHome, dear)).toMatchObject({ exitCode: 5, error: { code: 'fee_above_limit' } });
    const poor = newHome();
    await done(poor, 'create');
    expect(await failed(poor, ['authorize', key, '--limit', '1pathUSD', '--yes'])).toMatchObject({
      exitCode: 4,
      error: { code: 'insufficient_funds' },
    });
    expect(await chain.balance(root)).toBe(10_000_000n);
  });

  it.each([
    [['authorize', '0x12', '--limit', '1pathUSD']],
    [['authorize', `0x${'12'.repeat(20)}`]],
    [['authorize', `0x${'12'.repeat(20)}`, '--limit', '5sat']],
    [['authorize', `0x${'12'.repeat(20)}`, '--limit', '1pathUSD', '--expires', 'soon']],
    [['authorize', `0x${'12'.repeat(20)}`, '--limit', '1pathUSD', '--expires', '99999d']],
    [['authorize', `0x${'12'.repeat(20)}`, '--limit', '0.1234567pathUSD']],
    [['revoke']],
  ])('2: %j', async (words) => {
    expect((await failed(rootHome, words)).exitCode).toBe(2);
  });

  it('take a permission that was signed elsewhere, if it is for them', async () => {
    const signed = await done(rootHome, 'authorize', key, '--limit', '1pathUSD', '--sign-only');
    const permission = String(signed.authorization);
    expect(await chain.balance(root)).toBe(10_000_000n);
    const { code, stdout } = await tempoOf(home, ['accept', '-'], `${permission}\n`);
    expect([code, only(stdout)]).toMatchObject([0, { account: root, key }]);
    expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
    expect(await done(home, 'address')).toMatchObject({ address: root, accessKey: key });
    const other = newHome();
    await done(other, 'create', '--root-account', root);
    const before = readFileSync(keyFile(other), 'utf8');
    expect((await failed(other, ['accept', permission])).exitCode).toBe(2);
    expect((await failed(other, ['accept', '0x1234'])).exitCode).toBe(2);
    expect((await failed(rootHome, ['accept', permission])).exitCode).toBe(2);
    expect(readFileSync(keyFile(other), 'utf8')).toBe(before);
  });
});

describe('wallet tempo fund', () => {
  it('gives nothing where there is no devnet', async () => {
    await done(home, 'create');
    expect(await failed(home, ['fund'])).toMatchObject({ exitCode: 1, error: { code: 'no_devnet' } });
  });

  it('gives worthless coins on the devnet', async () => {
    const { address } = await done(home, 'create');
    const file = { url: 'http://127.0.0.1:1', token: 't', tempo: { url: chain.url, chainId: chain.chainId } };
    writeFileSync(join(home, 'devnet.json'), JSON.stringify(file));
    const { code, stdout } = await run(
      home,
      ['wallet', 'tempo', 'fund', '--amount', '2.5pathUSD', '--json'],
      '',
      { FAREBOX_TEMPO_RPC: '' },
    );
    expect([code, only(stdout)]).toMatchObject([0, { amount: '2500000' }]);
    expect(await chain.balance(String(address))).toBe(2_500_000n);
  });
});
