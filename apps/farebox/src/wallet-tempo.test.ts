import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findHome } from './home.js';
import { accountOf } from './tempo/account.js';
import { readKeyFile } from './tempo/key-file.js';
import { readTokens } from './tempo/tokens.js';
import { only, run } from './testing/run.js';
import { keyFile, type TempoCli, tempoCli } from './testing/tempo-cli.js';
import { makeWallet } from './testing/tempo-wallets.js';

let chain: TempoDevnet;
let cli: TempoCli;
let homes: string[] = [];
let home = '';

beforeAll(async () => {
  chain = await startTempoDevnet();
  cli = tempoCli(chain.url);
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

function secretOf(directory: string): string {
  const key: unknown = JSON.parse(readFileSync(keyFile(directory), 'utf8')).privateKey;
  return String(key).slice(2);
}

describe('wallet tempo create', () => {
  it('makes a wallet of its own (R22): for its owner alone, shown to nobody, never written over', async () => {
    const { code, stdout, stderr } = await cli.run(home, ['create']);
    expect([code, stderr]).toEqual([0, '']);
    const made = only(stdout);
    expect(made).toMatchObject({ address: expect.stringMatching(/^0x[0-9a-f]{40}$/), accessKey: null });
    expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
    const before = readFileSync(keyFile(home), 'utf8');
    expect(stdout + stderr).not.toContain(secretOf(home));
    const again = await cli.failed(home, ['create']);
    expect(again).toMatchObject({ exitCode: 1, error: { code: 'key_exists' } });
    expect(readFileSync(keyFile(home), 'utf8')).toBe(before);
    expect(await cli.done(home, 'address')).toMatchObject({ address: made.address });
  });

  it('with --root-account makes an access key of that account', async () => {
    const root = `0x${'12'.repeat(20)}`;
    const made = await cli.done(home, 'create', '--root-account', root);
    expect(made).toMatchObject({ address: root, accessKey: expect.stringMatching(/^0x[0-9a-f]{40}$/) });
    expect(await cli.done(home, 'address')).toEqual({ ok: true, address: root, accessKey: made.accessKey });
  });

  it('imports a key from stdin, of which the account is known', async () => {
    const [account] = chain.accounts;
    if (!account) throw new Error('no account');
    const { stdout } = await cli.run(home, ['create', '--from-stdin'], `${account.privateKey}\n`);
    expect(only(stdout).address).toBe(account.address);
    expect(stdout).not.toContain(account.privateKey.slice(2));
  });

  // What else is no key is in the tests of parsePrivateKey.
  it.each(['', 'ff'.repeat(32)])('imports nothing from %j', async (key) => {
    const report = await cli.failed(home, ['create', '--from-stdin'], key);
    expect(report.exitCode).toBe(2);
    expect(existsSync(keyFile(home))).toBe(false);
    if (key !== '') expect(JSON.stringify(report)).not.toContain(key);
  });

  it('takes no key from the arguments', async () => {
    const report = await cli.failed(home, ['create', 'ab'.repeat(32)]);
    expect(report.exitCode).toBe(2);
    expect(JSON.stringify(report)).not.toContain('abab');
    expect(existsSync(keyFile(home))).toBe(false);
  });

  it('in a terminal says in a line what it has made', async () => {
    const { stdout } = await run(home, ['wallet', 'tempo', 'create']);
    expect(stdout).toMatch(/^0x[0-9a-f]{40}\n.*tempo-key\.json/);
  });
});

describe('the key file', () => {
  it('is not used while others may read it', async () => {
    await makeWallet(home);
    chmodSync(keyFile(home), 0o640);
    const report = await cli.failed(home, ['address']);
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
    const opened = readKeyFile(findHome({ FAREBOX_HOME: home })).then((key) => key && accountOf(key));
    const refused: unknown = await opened.catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'CliError', code: 'key_file_malformed' });
    expect(inspect(refused)).not.toMatch(/SECRET|5555/);
  });

  it('that says anything else is a failure, and what it says is not told', async () => {
    const secret = `0x${'5'.repeat(64)}`;
    writeFileSync(keyFile(home), `{"version":2,"keyType":"secp256k1","privateKey":"${secret}"}`, {
      mode: 0o600,
    });
    const report = await cli.failed(home, ['address']);
    expect(report).toMatchObject({ exitCode: 1, error: { code: 'key_file_malformed' } });
    expect(JSON.stringify(report)).not.toContain('5555');
  });

  it('that is missing is told how to be made', async () => {
    for (const command of ['address', 'balance', 'keys']) {
      expect(JSON.stringify(await cli.failed(home, [command]))).toContain('farebox wallet tempo create');
    }
  });
});

describe('wallet tempo balance', () => {
  it('is what the chain says', async () => {
    const { address } = await makeWallet(home);
    await chain.fund(address, 1_234_567n);
    expect(await cli.done(home, 'balance')).toMatchObject({
      chainId: 4217,
      balances: [{ balance: '1234567', spendable: '1234567' }],
    });
    const { stdout } = await run(home, ['wallet', 'tempo', 'balance'], '', { FAREBOX_TEMPO_RPC: chain.url });
    expect(stdout.trim()).toBe('pathUSD  1.234567');
  });

  it('lists the tokens that are allowed, and refuses a list that cannot be read', async () => {
    await makeWallet(home);
    const tokens = { FAREBOX_TEMPO_TOKENS: `pathUSD,alphaUSD=${chain.tokens.alphaUsd}` };
    const { stdout } = await cli.run(home, ['balance'], '', tokens);
    expect(only(stdout)).toMatchObject({ balances: [{ token: 'pathUSD' }, { token: 'alphaUSD' }] });
    const misuse = expect.objectContaining({ name: 'CliError', exitCode: 2 });
    for (const bad of [
      'wat',
      'a=0x12',
      'sat=0x20c0000000000000000000000000000000000001',
      'pathUSD,pathusd',
    ]) {
      expect(() => readTokens({ FAREBOX_TEMPO_TOKENS: bad }), bad).toThrow(misuse);
    }
    expect((await cli.failed(home, ['balance'], '', { FAREBOX_TEMPO_TOKENS: 'wat' })).exitCode).toBe(2);
  });

  it('is not read from another chain, nor from nobody', async () => {
    await makeWallet(home);
    expect(await cli.failed(home, ['balance', '--tempo-chain', '1337'])).toMatchObject({
      exitCode: 5,
      error: { code: 'chain_mismatch' },
    });
    expect(await cli.failed(home, ['balance', '--tempo-rpc', 'http://127.0.0.1:1'])).toMatchObject({
      exitCode: 3,
      error: { code: 'rpc_unreachable' },
    });
    const url = 'ftp://user:hunter2@example.com';
    const wrong = await cli.failed(home, ['balance', '--tempo-rpc', url]);
    expect(wrong.exitCode).toBe(2);
    expect(JSON.stringify(wrong)).not.toContain('hunter2');
    expect(await cli.failed(home, ['balance'], '', { FAREBOX_TEMPO_RPC: '' })).toMatchObject({
      error: { code: 'node_not_found' },
    });
  });
});

describe('wallet tempo fund', () => {
  it('gives nothing where there is no devnet', async () => {
    await makeWallet(home);
    expect(await cli.failed(home, ['fund'])).toMatchObject({ exitCode: 1, error: { code: 'no_devnet' } });
  });

  it('gives worthless coins on the devnet', async () => {
    const { address } = await makeWallet(home);
    const file = { url: 'http://127.0.0.1:1', token: 't', tempo: { url: chain.url, chainId: chain.chainId } };
    writeFileSync(join(home, 'devnet.json'), JSON.stringify(file));
    const { code, stdout } = await run(
      home,
      ['wallet', 'tempo', 'fund', '--amount', '2.5pathUSD', '--json'],
      '',
      { FAREBOX_TEMPO_RPC: '' },
    );
    expect([code, only(stdout)]).toMatchObject([0, { amount: '2500000' }]);
    expect(await chain.balance(address)).toBe(2_500_000n);
  });
});
