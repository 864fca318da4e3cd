import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { only } from './testing/run.js';
import { keyFile, type TempoCli, tempoCli } from './testing/tempo-cli.js';
import { authorizeKey, makeWallet, revokeKey } from './testing/tempo-wallets.js';

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
  const directory = mkdtempSync(join(tmpdir(), 'farebox-tempo-keys-'));
  homes.push(directory);
  return directory;
}

describe('access keys (R23)', () => {
  let rootHome = '';
  let root = '';
  let key = '';

  beforeEach(async () => {
    rootHome = newHome();
    const { address } = await makeWallet(rootHome);
    const { accessKey = '' } = await makeWallet(home, address);
    [root, key] = [address, accessKey];
    await chain.fund(root, 10_000_000n);
    // Of Tempo's main network; an idle devnet would give gas away.
    await chain.rpc('anvil_setNextBlockBaseFeePerGas', ['0x4a817c800']);
    await chain.mine();
  });

  it('are authorised, listed and revoked by the account that they spend from', async () => {
    const shown = await cli.done(rootHome, 'authorize', key, '--limit', '0.5pathUSD', '--expires', '2h');
    expect(shown).toMatchObject({
      done: false,
      account: root,
      key,
      limits: [{ limit: '500000' }],
      payTo: null,
    });
    expect(await chain.balance(root)).toBe(10_000_000n);

    const made = await cli.done(
      rootHome,
      'authorize',
      key,
      '--limit',
      '0.5pathUSD',
      '--expires',
      '2h',
      '--yes',
    );
    expect(made).toMatchObject({ done: true, transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(await chain.balance(root)).toBe(10_000_000n - BigInt(String(made.fee)));
    // The access key's own wallet sees the same, and how much it may spend.
    expect(await cli.done(home, 'keys')).toMatchObject({
      account: root,
      keys: [{ key, status: 'registered', limits: [{ remaining: '500000' }], scoped: false }],
    });
    expect(await cli.done(home, 'balance')).toMatchObject({ balances: [{ spendable: '500000' }] });

    expect(await cli.done(rootHome, 'revoke', key)).toMatchObject({ done: false });
    expect(await cli.done(rootHome, 'revoke', key, '--yes')).toMatchObject({ done: true, key });
    expect(await cli.done(rootHome, 'keys')).toMatchObject({ keys: [{ key, status: 'revoked' }] });
    expect(await cli.done(home, 'balance')).toMatchObject({ balances: [{ spendable: '0' }] });
  });

  it('get another limit, and keep their other terms, once they are registered', async () => {
    await authorizeKey(rootHome, chain.url, key, 5_000n);
    const raise = ['authorize', key, '--limit', '2pathUSD'];
    const before = await chain.balance(root);
    const limits = [{ limit: '2000000', left: '5000' }];
    expect(await cli.done(rootHome, ...raise)).toMatchObject({ done: false, registered: true, limits });
    expect(await chain.balance(root)).toBe(before);
    expect(await cli.failed(rootHome, [...raise, '--expires', '9h', '--yes'])).toMatchObject({ exitCode: 2 });
    const changed = await cli.done(rootHome, ...raise, '--yes');
    expect(changed).toMatchObject({ done: true, registered: true, limits });
    expect(await chain.balance(root)).toBe(before - BigInt(String(changed.fee)));
    expect(await cli.done(home, 'balance')).toMatchObject({ balances: [{ spendable: '2000000' }] });
  });

  it('that can never sign again, or never could, are named as such, and no fee is spent on them', async () => {
    const stranger = `0x${'12'.repeat(20)}`;
    const unknown = await cli.failed(rootHome, ['revoke', stranger, '--yes']);
    expect(unknown).toMatchObject({ exitCode: 1, error: { code: 'key_not_registered' } });
    await authorizeKey(rootHome, chain.url, key, 1_000_000n);
    await revokeKey(rootHome, chain.url, key);
    const left = await chain.balance(root);
    for (const words of [
      ['revoke', key],
      ['authorize', key, '--limit', '1pathUSD'],
      ['revoke', key, '--yes'],
    ]) {
      const refused = await cli.failed(rootHome, words);
      expect(refused).toMatchObject({ exitCode: 1, error: { code: 'key_revoked' } });
      expect(JSON.stringify(refused)).toContain(`wallet tempo create --account agent --root-account ${root}`);
    }
    expect(await chain.balance(root)).toBe(left);
  });

  it('are limited in time and in whom they pay, as was said', async () => {
    const words = ['--limit', '1pathUSD', '--period', '1d', '--pay-to', root, '--yes'];
    expect(await cli.done(rootHome, 'authorize', key, ...words)).toMatchObject({
      limits: [{ periodSeconds: 86_400 }],
      payTo: [root],
    });
    expect(await cli.done(home, 'keys')).toMatchObject({
      keys: [{ scoped: true, limits: [{ periodEnds: expect.stringMatching(/Z$/) }] }],
    });
  });

  it('cannot give away what is not theirs', async () => {
    expect(await cli.failed(home, ['authorize', root, '--limit', '1pathUSD', '--yes'])).toMatchObject({
      exitCode: 2,
    });
    expect(await cli.failed(home, ['revoke', key, '--yes'])).toMatchObject({ exitCode: 2 });
  });

  it('cost no more than was said, and a root without money is told so', async () => {
    // Not even the smallest fee: what the chain asks falls with every block in which nobody pays.
    const dear = ['authorize', key, '--limit', '1pathUSD', '--max-fee', '0pathUSD', '--yes'];
    expect(await cli.failed(rootHome, dear)).toMatchObject({
      exitCode: 5,
      error: { code: 'fee_above_limit' },
    });
    const poor = newHome();
    await makeWallet(poor);
    expect(await cli.failed(poor, ['authorize', key, '--limit', '1pathUSD', '--yes'])).toMatchObject({
      exitCode: 4,
      error: { code: 'insufficient_funds' },
    });
    expect(await chain.balance(root)).toBe(10_000_000n);
  });

  it('are not spoken of in words that make no sense: 2', async () => {
    const some = `0x${'12'.repeat(20)}`;
    const senseless = [
      ['authorize', '0x12', '--limit', '1pathUSD'],
      ['authorize', some],
      ['authorize', some, '--limit', '5sat'],
      ['authorize', some, '--limit', '1pathUSD', '--expires', 'soon'],
      ['authorize', some, '--limit', '1pathUSD', '--expires', '99999d'],
      ['authorize', some, '--limit', '0.1234567pathUSD'],
      ['revoke'],
    ];
    const reports = await Promise.all(senseless.map((words) => cli.failed(rootHome, words)));
    for (const [at, { exitCode }] of reports.entries()) expect(exitCode, senseless[at]?.join(' ')).toBe(2);
  });

  it('take a permission that was signed elsewhere, if it is for them', async () => {
    const signed = await cli.done(rootHome, 'authorize', key, '--limit', '1pathUSD', '--sign-only');
    const permission = String(signed.authorization);
    expect(await chain.balance(root)).toBe(10_000_000n);
    const { code, stdout } = await cli.run(home, ['accept', '-'], `${permission}\n`);
    expect([code, only(stdout)]).toMatchObject([0, { account: root, key }]);
    expect(statSync(keyFile(home)).mode & 0o777).toBe(0o600);
    expect(await cli.done(home, 'address')).toMatchObject({ address: root, accessKey: key });
    const other = newHome();
    await makeWallet(other, `0x${root.slice(2)}`);
    const before = readFileSync(keyFile(other), 'utf8');
    expect((await cli.failed(other, ['accept', permission])).exitCode).toBe(2);
    expect((await cli.failed(other, ['accept', '0x1234'])).exitCode).toBe(2);
    expect((await cli.failed(rootHome, ['accept', permission])).exitCode).toBe(2);
    expect(readFileSync(keyFile(other), 'utf8')).toBe(before);
  });
});
