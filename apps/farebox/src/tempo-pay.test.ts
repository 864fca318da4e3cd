import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addTempoDevnet } from './devnet-tempo.js';
import { findHome } from './home.js';
import { startRefuser } from './testing/refuser.js';
import { only, run } from './testing/run.js';
import { openStand, type Stand } from './testing/stand.js';
import { authorizeKey, makeWallet, revokeKey } from './testing/tempo-wallets.js';

// The whole command against a gateway in a process of its own, on a real Tempo chain.

const merchant = '0x742d35cc6634c0532925a3b844bc9e7595f8fe00';
let chain: TempoDevnet;
let devnet: Devnet;
let served: DevnetServer;
let stand: Stand;
let shopHome = '';
let homes: string[] = [];
let home = '';
let address: `0x${string}` = '0x';

beforeAll(async () => {
  [chain, devnet] = await Promise.all([startTempoDevnet(), startDevnet()]);
  served = await serveDevnet(devnet);
  shopHome = newHome();
  await writeDevnetFile(shopHome, served);
  await chain.fund(merchant, 1n);
  const { pathUsd, alphaUsd } = chain.tokens;
  stand = await openStand({
    lightningHome: shopHome,
    tempo: {
      rpc: chain.url,
      tokens: {
        pathUSD: { address: pathUsd, recipient: merchant },
        alphaUSD: { address: alphaUsd, recipient: merchant },
      },
    },
    prices: { '/note': '0.02 pathUSD', '/both': ['1 sat', '0.02 pathUSD'], '/alpha': '0.02 alphaUSD' },
  });
});

afterAll(async () => {
  await stand.close();
  await served.close();
  await Promise.all([chain.close(), devnet.close()]);
  rmSync(shopHome, { recursive: true, force: true });
});

beforeEach(async () => {
  home = newHome();
  homes = [home];
  ({ address } = await makeWallet(home));
  await chain.fund(address, 1_000_000n);
  await chain.rpc('anvil_setNextBlockBaseFeePerGas', ['0x4a817c800']);
  await chain.mine();
});

afterEach(() => {
  for (const directory of homes) rmSync(directory, { recursive: true, force: true });
});

function newHome(): string {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-tempo-pay-'));
  homes.push(directory);
  return directory;
}

const environment = () => ({ FAREBOX_TEMPO_RPC: chain.url });
const farebox = (words: readonly string[], more = {}) => run(home, words, '', { ...environment(), ...more });

async function done(...words: string[]) {
  const { code, stdout, stderr } = await farebox(words);
  expect([code, stderr]).toEqual([0, '']);
  return only(stdout);
}

async function failed(words: readonly string[], more = {}) {
  const { code, stdout, stderr } = await farebox(words, more);
  expect(stdout).toBe('');
  const report = only(stderr);
  expect(report).toMatchObject({ ok: false, exitCode: code });
  return report;
}

const buy = (path: string, ...more: string[]) => ['pay', 'request', `${stand.url}${path}`, '--yes', ...more];

describe('pay request, over Tempo', () => {
  it('previews without a key and without asking anybody, and says how to make one', async () => {
    const other = newHome();
    const { code, stdout } = await run(other, ['pay', 'request', `${stand.url}/note`], '', {
      FAREBOX_TEMPO_RPC: 'http://127.0.0.1:1',
    });
    expect([code, only(stdout)]).toMatchObject([
      0,
      {
        paid: false,
        cost: { amount: '20000', currency: chain.tokens.pathUsd, text: '0.02 pathUSD', fee: null },
        challenge: { method: 'tempo', payee: merchant, network: 'eip155:4217', paymentHash: null },
        allowed: false,
        objection: {
          code: 'no_payable_challenge',
          message: expect.stringMatching(
            /no Tempo (?:key|account) here; make one with: farebox wallet tempo create/,
          ),
        },
        choice: null,
      },
    ]);
  });

  it('previews with a key and without a node: it would not be paid, and says what to name', async () => {
    const { code, stdout } = await run(home, ['pay', 'request', `${stand.url}/note`]);
    expect([code, only(stdout)]).toMatchObject([
      0,
      {
        cost: { text: '0.02 pathUSD' },
        allowed: false,
        objection: { message: expect.stringMatching(/--tempo-rpc/) },
      },
    ]);
  });

  it('previews with both: it would be paid', async () => {
    const { stdout } = await farebox(['pay', 'request', `${stand.url}/note`]);
    expect(only(stdout)).toMatchObject({ paid: false, allowed: true, objection: null });
  });

  it('pays with a wallet of its own (R22), once, and delivers with a receipt that was checked', async () => {
    const [before, at] = [await chain.balance(merchant), stand.served.length];
    const bought = await done(...buy('/note'));
    expect(bought).toMatchObject({
      paid: true,
      status: 200,
      cost: { amount: '20000', text: '0.02 pathUSD', feeMsat: null },
      receiptStatus: 'valid',
      receipt: { method: 'tempo', status: 'success', reference: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
      body: { served: '/note' },
    });
    expect((await chain.balance(merchant)) - before).toBe(20_000n);
    expect(await chain.balance(address)).toBeGreaterThanOrEqual(1_000_000n - 20_000n - 10_000n);
    expect(stand.served.slice(at)).toEqual(['GET /note']);
    const { stdout } = await farebox(['pay', 'history']);
    expect(only(stdout)).toMatchObject({
      payments: [{ id: bought.id, state: 'delivered', cost: { text: '0.02 pathUSD' } }],
    });
  });

  it('keeps to the limits, whose currency is the only one that is paid in', async () => {
    expect(await failed(buy('/note', '--max', '0.019999pathUSD'))).toMatchObject({
      exitCode: 5,
      error: { code: 'price_above_max', message: expect.stringContaining('0.02 pathUSD') },
    });
    expect(await failed(buy('/note', '--max', '100sat'))).toMatchObject({
      exitCode: 5,
      error: { code: 'currency_not_allowed' },
    });
    // Not even the smallest fee: what the chain asks falls with every block in which nobody pays.
    const noFee = await failed(buy('/note', '--max-fee', '0pathUSD'));
    expect(noFee).toMatchObject({ exitCode: 4, paid: false, error: { code: 'payment_failed' } });
    expect(JSON.stringify(noFee)).toContain('--max-fee');
    expect(await chain.balance(address)).toBe(1_000_000n);
  });

  it('pays with allowed tokens and on the pinned chain only', async () => {
    expect(await failed(buy('/alpha'))).toMatchObject({ exitCode: 5, error: { code: 'challenge_refused' } });
    const other = await failed(buy('/note', '--tempo-chain', '1337'));
    expect(other).toMatchObject({ exitCode: 5, error: { code: 'challenge_refused' } });
    expect(JSON.stringify(other)).toContain('4217');
    expect(await chain.balance(address)).toBe(1_000_000n);
  });

  it('says what is missing: a key, a node, coins', async () => {
    expect(await failed(buy('/note'), { FAREBOX_TEMPO_RPC: '' })).toMatchObject({ exitCode: 1 });
    rmSync(join(home, 'tempo-key.json'));
    const keyless = await failed(buy('/note', '--method', 'tempo'));
    expect(keyless).toMatchObject({ exitCode: 1, error: { code: 'no_payable_challenge' } });
    expect(JSON.stringify(keyless)).toContain('farebox wallet tempo create');
    await makeWallet(home);
    const poor = await failed(buy('/note'));
    expect(poor).toMatchObject({ exitCode: 4, paid: false, error: { code: 'payment_failed' } });
    expect(JSON.stringify(poor)).toContain('Fund it');
    const down = await failed(buy('/note', '--tempo-rpc', 'http://127.0.0.1:1'));
    expect(down).toMatchObject({ exitCode: 4, paid: false, error: { outcome: 'not-sent' } });
  });
});

describe('pay request, as an access key of another account (R23, R24)', () => {
  it('names an unregistered key, and not the challenge, as the cause; pays when it is authorised', async () => {
    const agent = newHome();
    const { accessKey = '' } = await makeWallet(agent, address);
    const agentBuys = () => run(agent, buy('/note'), '', environment());
    const refused = await agentBuys();
    const said = refused.stderr;
    expect([refused.code, only(said)]).toMatchObject([4, { paid: false, error: { outcome: 'not-sent' } }]);
    expect(said).toContain('AccountKeychainError(KeyNotFound)');
    expect(said).toContain('The challenge is in order');
    expect(said).toContain(`farebox wallet tempo authorize ${accessKey} --limit 5pathUSD --yes`);
    expect(await chain.balance(address)).toBe(1_000_000n);

    await authorizeKey(home, chain.url, accessKey, 50_000n);
    expect(only((await agentBuys()).stdout)).toMatchObject({ paid: true, body: { served: '/note' } });
    expect(only((await agentBuys()).stdout)).toMatchObject({ paid: true });
    // 0.05 was allowed, and 0.04 has been spent.
    const over = only((await agentBuys()).stderr);
    expect(JSON.stringify(over)).toContain('AccountKeychainError(SpendingLimitExceeded)');
    expect(JSON.stringify(over)).toMatch(
      new RegExp(
        `0\\.0[0-9]+ pathUSD.* farebox wallet tempo authorize ${accessKey} --limit 0\\.0[0-9]+pathUSD --yes`,
      ),
    );
    await revokeKey(home, chain.url, accessKey);
    const revoked = await agentBuys();
    expect([revoked.code, JSON.stringify(only(revoked.stderr))]).toEqual([
      4,
      expect.stringContaining('AccountKeychainError(KeyAlreadyRevoked)'),
    ]);
  });

  it('carries the permission to the chain with its first payment', async () => {
    const agent = newHome();
    const { accessKey = '' } = await makeWallet(agent, address);
    const words = ['wallet', 'tempo', 'authorize', accessKey, '--limit', '1pathUSD', '--sign-only', '--json'];
    const { authorization } = await done(...words);
    await run(agent, ['wallet', 'tempo', 'accept', '-'], String(authorization), environment());
    // A key is registered with its first payment, which costs more than the policy allows at first.
    await run(agent, ['wallet', 'policy', 'set', 'limits.fee', '0.1pathUSD'], '', environment());
    const first = await run(agent, buy('/note'), '', environment());
    expect(only(first.stdout)).toMatchObject({ paid: true, receiptStatus: 'valid' });
    const second = await run(agent, buy('/note'), '', environment());
    expect(only(second.stdout)).toMatchObject({ paid: true });
  });
});

describe('a seller who takes both', () => {
  beforeEach(async () => {
    await writeDevnetFile(home, served);
    await addTempoDevnet(findHome({ FAREBOX_HOME: home }), chain);
  });

  // The chain is found through the devnet's file.
  const both = (...more: string[]) => farebox(buy('/both', ...more), { FAREBOX_TEMPO_RPC: '' });

  it('is paid over Lightning first, and why is said', async () => {
    const { code, stdout } = await both();
    expect([code, only(stdout)]).toMatchObject([
      0,
      { receipt: { method: 'lightning' }, choice: 'lightning/charge, the first choice of 2' },
    ]);
    expect(await chain.balance(address)).toBe(1_000_000n);
  });

  it('is paid over Tempo when told so, by method, by preference or by limit', async () => {
    expect(only((await both('--method', 'tempo')).stdout)).toMatchObject({ receipt: { method: 'tempo' } });
    const preferred = await both('-H', 'Accept-Payment: tempo/charge, lightning/charge;q=0.5');
    expect(only(preferred.stdout)).toMatchObject({ receipt: { method: 'tempo' } });
    const limited = only((await both('--max', '0.02pathUSD')).stdout);
    expect(limited).toMatchObject({ receipt: { method: 'tempo' } });
    expect(limited.choice).toContain('lightning/charge: The price is 1 sat');
  });

  it('is paid over Tempo when there is no Lightning node at all', async () => {
    rmSync(join(home, 'devnet.json'));
    const { code, stdout } = await farebox(buy('/both'));
    // The seller is told what can be paid with, and offers nothing else.
    expect([code, only(stdout)]).toMatchObject([0, { receipt: { method: 'tempo' }, choice: null }]);
  });
});

describe('pay resume', () => {
  it('of what was signed and is too late to be carried out: nothing was spent', async () => {
    const refuser = await startRefuser(chain, merchant);
    try {
      const words = ['pay', 'request', `${refuser.url}/`, '--yes'];
      const report = await failed(words);
      expect(report).toMatchObject({
        exitCode: 6,
        paid: null,
        error: { code: 'settlement_unknown', outcome: 'unknown', retry: 'resume' },
      });
      expect(JSON.stringify(report)).toMatch(/may still get there until \d{4}-/);
      const history = only((await farebox(['pay', 'history'])).stdout);
      expect(history).toMatchObject({ payments: [{ state: 'refused', settlement: 'open' }] });
      // By the chain's clock, the signed transaction is over.
      await chain.increaseTime(60);
      expect(await done('pay', 'resume', String(report.id))).toMatchObject({ state: 'not-paid' });
      expect(await done('pay', 'resume', '--all')).toEqual({ ok: true, payments: [] });
      expect(await chain.balance(address)).toBe(1_000_000n);
      const journal = openJournal({ path: join(home, 'journal.db') });
      expect(journal.find(String(report.id))?.payload).toBeUndefined();
      journal.close();
    } finally {
      await refuser.close();
    }
  });
});
