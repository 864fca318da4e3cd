import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { only, run, start } from '../testing/run.js';
import { Shop } from '../testing/shop.js';

/** Agents that buy at once over real Lightning, and how often each. A longer run: `DEVNET_AGENTS=6 DEVNET_PURCHASES=20`. */
const agents = Number(process.env.DEVNET_AGENTS ?? 3);
const purchases = Number(process.env.DEVNET_PURCHASES ?? 2);
const timeout = Math.max(240_000, agents * purchases * 6_000);

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
  home = mkdtempSync(join(tmpdir(), 'farebox-policy-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
});

afterEach(() => {
  shop.broken = false;
  rmSync(home, { recursive: true, force: true });
});

const farebox = (...words: string[]) => run(home, words);
const spendable = async () => (await devnet.wallet.balance()).spendableMsat;
const policyFile = () => join(home, 'policy.yaml');
const write = (text: string) => writeFileSync(policyFile(), text, { mode: 0o600 });
const dayOf = (ms = 0) => new Date(ms).toISOString().slice(0, 10);
const buy = (price: number, ...more: string[]) =>
  farebox('pay', 'request', `${shop.url}/price/${price}`, '--yes', ...more);

describe('farebox pay, with a policy', () => {
  it('pays by the small default, refuses above it with exit 5, and names rule and file', async () => {
    const before = await spendable();
    const refused = await buy(101, '--max', '100000sat', '--max-fee', '1000sat');
    expect(refused.code).toBe(5);
    expect(only(refused.stderr)).toMatchObject({
      paid: false,
      exitCode: 5,
      error: {
        code: 'price_above_max',
        rule: 'limits.payment',
        source: expect.stringContaining(policyFile()),
        message: expect.stringContaining('limit of 100 sat'),
      },
    });
    expect(await spendable()).toBe(before);
    expect(existsSync(policyFile())).toBe(false);
  });

  it('refuses what goes over the day, counts all commands, and says so in a preview and a test', async () => {
    write('limits: { payment: 5 sat, fee: 1 sat, day: 7 sat }\n');
    expect((await buy(5)).code).toBe(0);
    const refused = only((await buy(2)).stderr);
    expect(refused).toMatchObject({ exitCode: 5, error: { code: 'over_budget', rule: 'limits.day' } });
    const preview = only((await farebox('pay', 'request', `${shop.url}/price/2`)).stdout);
    expect(preview).toMatchObject({ allowed: false, objection: { code: 'over_budget' } });
    const test = await farebox('wallet', 'policy', 'test', 'https://a.test/', '2sat', '--json');
    expect([test.code, only(test.stdout)]).toMatchObject([5, { allowed: false, rule: 'limits.day' }]);
    const show = only((await farebox('wallet', 'policy', 'show', '--json')).stdout);
    expect(show).toMatchObject({ exists: true, budgets: [{ rule: 'limits.day', limit: { text: '7 sat' } }] });
  });

  it('pays nothing by a policy that is broken, or that others can write', async () => {
    const before = await spendable();
    write('limits: { payment: 5 sat, dya: 9 sat }\n');
    const broken = await buy(1);
    expect([broken.code, only(broken.stderr)]).toMatchObject([
      5,
      { error: { code: 'policy_invalid', message: expect.stringContaining('policy.yaml:1:27: limits.dya') } },
    ]);
    // What has been paid for already is not kept from anybody.
    expect((await farebox('pay', 'resume', '--all')).code).toBe(0);
    write('limits: { payment: 5 sat }\n');
    chmodSync(policyFile(), 0o666);
    expect(only((await buy(1)).stderr)).toMatchObject({
      exitCode: 5,
      error: { message: expect.stringContaining('chmod go-w') },
    });
    chmodSync(policyFile(), 0o600);
    // Nor by one that others could put another in the place of, or the lack of which they could end.
    chmodSync(home, 0o777);
    for (const there of [true, false]) {
      if (!there) rmSync(policyFile());
      expect(only((await buy(1)).stderr)).toMatchObject({
        exitCode: 5,
        error: { code: 'policy_invalid', message: expect.stringContaining(`chmod go-w ${home}`) },
      });
    }
    chmodSync(home, 0o700);
    expect(await spendable()).toBe(before);
  });

  it('asks a command where the policy wants it, and nobody where there is no terminal', async () => {
    const ask = join(home, 'ask.sh');
    writeFileSync(ask, `#!/bin/sh\ncat > '${home}/asked'\ntest ! -e '${home}/no'\n`, { mode: 0o700 });
    write(
      `limits: { payment: 9 sat, fee: 1 sat }\napproval: { above: 3 sat, by: command, command: [${ask}] }\n`,
    );
    expect((await buy(4)).code).toBe(0);
    expect(JSON.parse(readFileSync(join(home, 'asked'), 'utf8'))).toMatchObject({
      amount: { amount: '4', currency: 'sat' },
      url: `${shop.url}/price/4`,
    });
    writeFileSync(join(home, 'no'), '');
    const refused = only((await buy(4)).stderr);
    expect(refused).toMatchObject({
      exitCode: 5,
      error: { code: 'approval_refused', rule: 'approval.above' },
    });
    write('limits: { payment: 9 sat, fee: 1 sat }\napproval: { above: 3 sat, by: terminal }\n');
    expect(only((await buy(4)).stderr)).toMatchObject({
      exitCode: 5,
      error: { message: expect.stringContaining('no terminal') },
    });
  });
});

describe('farebox wallet policy', () => {
  it('set keeps comments, makes the file for its owner alone, and refuses what would break it', async () => {
    const set = (...words: string[]) => farebox('wallet', 'policy', 'set', ...words, '--json');
    expect(only((await set('limits.day', '2000', 'sat')).stdout)).toMatchObject({ created: true });
    expect(only((await set('hosts[api.example.com].day', '5sat')).stdout)).toMatchObject({
      created: false,
      policy: { hosts: { 'api.example.com': { day: [{ text: '5 sat' }] } } },
    });
    const text = readFileSync(policyFile(), 'utf8');
    expect(text).toContain('# Most for one payment, without fees.');
    expect(text).toContain('- 2000 sat');
    const bad = await set('limits.day', '5zat');
    expect([bad.code, only(bad.stderr)]).toMatchObject([2, { error: { code: 'usage' } }]);
    expect(readFileSync(policyFile(), 'utf8')).toBe(text);
  });

  it('set, show and test say where no day is limited', async () => {
    const remarksOf = async (...words: string[]) =>
      only((await farebox('wallet', 'policy', ...words, '--json')).stdout).remarks;
    write('limits: { payment: 7 sat, day: 9 sat }\n');
    expect(await remarksOf('show')).toEqual([]);
    const open = [expect.stringContaining('No daily limit is set for sat')];
    expect(await remarksOf('set', 'limits.day', '--remove')).toEqual(open);
    expect(await remarksOf('show')).toEqual(open);
    expect(await remarksOf('test', 'https://a.test/', '2sat')).toEqual(open);
  });

  it('test says what would be decided and by which rule, and asks nobody', async () => {
    write(
      "limits: { payment: 9 sat, fee: 2 sat }\ndeny: { origins: ['https://*.evil.test'] }\napproval: { above: 5 sat, by: command, command: [/bin/false] }\n",
    );
    const test = async (...words: string[]) => {
      const { code, stdout } = await farebox('wallet', 'policy', 'test', ...words, '--json');
      return [code, only(stdout)];
    };
    expect(await test('https://a.evil.test/x', '1sat')).toMatchObject([5, { rule: 'deny.origins' }]);
    expect(await test('https://a.test/x', '6sat')).toMatchObject([
      0,
      { allowed: true, approval: 'command', rule: 'approval.above', maxFee: { text: '2 sat' } },
    ]);
    expect(await test('http://a.test/x', '1sat')).toMatchObject([5, { rule: 'plain_http' }]);
    expect(existsSync(join(home, 'journal.db'))).toBe(false);
  });
});

describe('farebox pay history and show', () => {
  it('filter, add up, export, and show one payment without its proof', async () => {
    write('limits: { payment: 9 sat, fee: 1 sat }\n');
    const bought = only((await buy(3)).stdout);
    shop.broken = true;
    const credit = only((await buy(2)).stderr);
    const journal = openJournal({ path: join(home, 'journal.db') });
    const preimage = String(journal.find(String(credit.id))?.payload?.preimage);
    const days = new Set([bought, credit].map(({ id }) => dayOf(journal.find(String(id))?.createdMs)));
    journal.close();
    expect(preimage).toMatch(/^[0-9a-f]{64}$/);

    const history = async (...words: string[]) => only((await farebox('pay', 'history', ...words)).stdout);
    expect(await history('--state', 'credit')).toMatchObject({
      payments: [{ id: credit.id, state: 'failed', outcome: 'credit', credit: true }],
    });
    const { totals } = await history('--totals');
    const row = (amount: string, outcomes: object) => ({
      host: '127.0.0.1',
      paid: { amount, currency: 'sat', text: `${amount} sat` },
      outcomes,
    });
    const ofOneDay = [row('5', { delivered: 1, credit: 1, unknown: 0 })];
    // A row a day, the newest first: two where midnight (UTC) fell between the two purchases.
    const ofTwo = [row('2', { delivered: 0, credit: 1 }), row('3', { delivered: 1, credit: 0 })];
    expect(totals).toMatchObject(days.size === 1 ? ofOneDay : ofTwo);
    const csv = await farebox('pay', 'history', '--csv');
    expect(csv.stdout.split('\r\n')).toHaveLength(4);
    expect(csv.stdout).toContain(`${String(bought.id)},`);

    const show = only((await farebox('pay', 'show', String(bought.id), '--json')).stdout);
    expect(show).toMatchObject({
      payment: {
        id: bought.id,
        outcome: 'delivered',
        paymentMethod: 'lightning/charge',
        challengeRequest: { amount: '3', currency: 'sat' },
        invoice: { network: 'regtest', amountMsat: '3000' },
        receiptCheck: { status: 'valid', checked: ['status', 'method', 'reference', 'challengeId'] },
        times: { payingMs: expect.any(Number), deliveringMs: expect.any(Number) },
      },
    });
    const other = await farebox('pay', 'show', String(credit.id), '--json');
    for (const said of [csv.stdout, other.stdout]) expect(said).not.toContain(preimage);
  });
});

describe('many commands, one budget, real Lightning', () => {
  it(`${agents} × ${purchases} with kill -9: never over it, nothing lost, nothing doubled`, {
    timeout,
  }, async () => {
    const budgetSat = agents * purchases;
    write(`limits: { payment: 3 sat, fee: 1 sat, day: ${budgetSat} sat }\n`);
    const before = await spendable();
    const living = new Set<ChildProcess>();
    let seen = 0;
    let deaths = 0;
    const watch = setInterval(() => {
      // Every fifth question to the shop is the death of somebody.
      if (Math.floor(shop.asked.length / 5) === seen) return;
      seen = Math.floor(shop.asked.length / 5);
      const [victim] = [...living].slice(seen % Math.max(living.size, 1));
      if (victim?.kill('SIGKILL')) deaths += 1;
    }, 5);
    const codes: (number | null)[] = [];
    await Promise.all(
      Array.from({ length: agents }, async () => {
        for (let count = 0; count < purchases; count += 1) {
          const child = start(home, ['pay', 'request', `${shop.url}/price/${(count % 2) + 1}`, '--yes']);
          child.stdout?.resume();
          child.stderr?.resume();
          living.add(child);
          const [code] = await once(child, 'close');
          living.delete(child);
          codes.push(typeof code === 'number' ? code : null);
        }
      }),
    );
    clearInterval(watch);
    const spent = before - (await spendable());
    expect(spent).toBeLessThanOrEqual(BigInt(budgetSat) * 1_000n);
    expect(codes.filter((code) => code !== null && ![0, 5].includes(code))).toEqual([]);
    await expect
      .poll(async () => (await farebox('pay', 'resume', '--all')).code, { timeout: 150_000 })
      .toBe(0);
    const journal = openJournal({ path: join(home, 'journal.db') });
    const entries = [...journal.each()];
    const paid = entries.filter((entry) => entry.paid !== undefined);
    expect(journal.unfinished()).toEqual([]);
    const amounts = paid.map(({ paid: sum, fee }) => (sum?.amount ?? 0n) * 1_000n + (fee?.amount ?? 0n));
    const total = amounts.reduce((sum, one) => sum + one, 0n);
    expect(total).toBe(before - (await spendable()));
    expect(total).toBeLessThanOrEqual(BigInt(budgetSat) * 1_000n);
    const day = { rule: 'limits.day', windowMs: 86_400_000, limit: { amount: 1n, currency: 'sat' } };
    expect(journal.standing([day], Date.now() + 300_000)).toMatchObject([{ spent: total, reserved: 0n }]);
    journal.close();
    if (process.env.STORM_REPORT) {
      console.log(
        JSON.stringify({
          agents,
          purchases,
          deaths,
          budgetSat,
          spent: String(total),
          paid: paid.length,
          codes,
        }),
      );
    }
  });
});
