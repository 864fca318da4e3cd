import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { only, run, runUnread } from './testing/run.js';
import { Shop } from './testing/shop.js';

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
  home = mkdtempSync(join(tmpdir(), 'farebox-cli-'));
  await writeDevnetFile(home, { url: server.url, token: server.token });
  mkdirSync(join(home, 'folder'));
  shop.asked.length = 0;
  shop.broken = false;
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const farebox = (...words: string[]) => run(home, words);
const spendable = async () => (await devnet.wallet.balance()).spendableMsat;

describe('exit codes', () => {
  const failing = async (...words: string[]) => {
    const { code, stdout, stderr } = await farebox(...words);
    expect(stdout).toBe('');
    const report = only(stderr);
    expect(report).toMatchObject({ ok: false, exitCode: code });
    return report;
  };

  it('1: not found, redirected', async () => {
    expect(await failing('pay', 'request', `${shop.url}/missing`, '--yes')).toMatchObject({
      exitCode: 1,
      paid: false,
      status: 404,
      error: { code: 'not_delivered' },
      body: 'no such thing',
    });
    const moved = await failing('pay', 'request', `${shop.url}/moved`, '--yes');
    expect(moved).toMatchObject({ exitCode: 1, status: 301, error: { code: 'redirected' } });
    expect(JSON.stringify(moved)).toContain('https://elsewhere.example/');
  });

  it('1: no devnet to pay with, and what to do about it', async () => {
    rmSync(join(home, 'devnet.json'));
    const report = await failing('pay', 'request', shop.url, '--yes');
    expect(report).toMatchObject({
      exitCode: 1,
      error: { code: 'node_not_found', message: expect.stringContaining('farebox devnet') },
    });
    // A preview reads the invoice and needs nobody.
    expect((await farebox('pay', 'request', shop.url)).code).toBe(0);
  });

  it.each([
    [['pay', 'request']],
    [['pay', 'request', 'no-url', '--yes']],
    [['pay', 'request', 'http://127.0.0.1/', '--max', '100']],
    [['pay', 'request', 'http://127.0.0.1/', '--max', '-1sat']],
    [['pay', 'request', 'http://127.0.0.1/', '--wat']],
    [['pay', 'request', 'http://127.0.0.1/', '--node', 'lnd']],
    [['pay', 'request', 'http://127.0.0.1/', '-H', 'nonsense']],
    [['pay', 'request', 'http://127.0.0.1/', '-d', 'a', '--data-file', 'b']],
    [['pay', 'invoice', 'lnbcrt1nonsense']],
    [['pay', 'resume']],
    [['pay', 'resume', 'pay_none']],
    [['pay', 'history', '--limit', '0']],
  ])('2: %j', async (words) => {
    expect(await failing(...words)).toMatchObject({ exitCode: 2, paid: false, error: { retry: 'never' } });
  });

  it('3: nobody there', async () => {
    expect(await failing('pay', 'request', 'http://127.0.0.1:1/', '--yes')).toMatchObject({
      exitCode: 3,
      error: { retry: 'safe' },
    });
  });

  it('4: the node cannot pay', async () => {
    await writeDevnetFile(home, { url: 'http://127.0.0.1:1', token: server.token });
    expect(await failing('pay', 'request', shop.url, '--yes')).toMatchObject({
      exitCode: 4,
      paid: false,
      error: { code: 'payment_failed', outcome: 'not-sent' },
    });
  });

  it('5: above the limit', async () => {
    const before = await spendable();
    expect(await failing('pay', 'request', `${shop.url}/price/101`, '--yes')).toMatchObject({
      exitCode: 5,
      paid: false,
      error: { code: 'price_above_max' },
    });
    expect(
      await failing('pay', 'request', `${shop.url}/price/2`, '--max', '1999msat', '--yes'),
    ).toMatchObject({ exitCode: 5 });
    expect(await spendable()).toBe(before);
    expect(only((await farebox('pay', 'request', `${shop.url}/price/101`)).stdout)).toMatchObject({
      allowed: false,
      objection: { code: 'price_above_max' },
    });
  });

  it('6: the answer was lost', async () => {
    expect(await failing('pay', 'request', `${shop.url}/hang-up`, '--yes')).toMatchObject({
      exitCode: 6,
      paid: true,
      error: { code: 'answer_unknown', retry: 'resume', outcome: 'unknown' },
      id: expect.stringMatching(/^pay_/),
    });
  });

  it('1: -o names a folder, and nothing is paid', async () => {
    const before = await spendable();
    const report = await failing('pay', 'request', shop.url, '--yes', '-o', join(home, 'folder'));
    expect(report).toMatchObject({ exitCode: 1, paid: false, error: { code: 'output_file' } });
    expect(readdirSync(home).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(await spendable()).toBe(before);
  });

  it('6: nobody read the answer; it is kept, and resume gives it for as long as nobody has', async () => {
    const before = await spendable();
    const unread = await runUnread(home, ['pay', 'request', shop.url, '--yes', '--json']);
    const report = only(unread.stderr);
    expect([unread.code, report]).toMatchObject([
      6,
      { paid: true, error: { code: 'answer_unknown', retry: 'resume' } },
    ]);
    const [kept = ''] = readdirSync(join(home, 'answers'));
    expect(JSON.stringify(report)).toContain(join(home, 'answers', kept));
    expect(readFileSync(join(home, 'answers', kept), 'utf8')).toBe('{"rate":1}');
    const id = String(report.id);
    expect((await runUnread(home, ['pay', 'resume', id])).code).toBe(6);
    const resumed = await farebox('pay', 'resume', id);
    expect([resumed.code, only(resumed.stdout)]).toMatchObject([
      0,
      { id, state: 'delivered', body: '{"rate":1}' },
    ]);
    const file = join(home, 'rate.json');
    expect((await farebox('pay', 'resume', id, '-o', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('{"rate":1}');
    expect([before - (await spendable()), shop.asked.length]).toEqual([1_000n, 2]);
  });

  it('6: the answer is in its file, and nobody read that it is', async () => {
    const file = join(home, 'rate.json');
    const unread = await runUnread(home, ['pay', 'request', shop.url, '--yes', '-o', file]);
    expect([unread.code, only(unread.stderr)]).toMatchObject([6, { paid: true }]);
    expect(unread.stderr).toContain(file);
    expect(readFileSync(file, 'utf8')).toBe('{"rate":1}');
  });

  it('keeps no answer that was handed on', async () => {
    expect((await farebox('pay', 'request', shop.url, '--yes')).code).toBe(0);
    expect(readdirSync(join(home, 'answers'))).toEqual([]);
  });

  it('7: paid, the seller failed; resume redeems the credit without paying', async () => {
    shop.broken = true;
    const report = await failing('pay', 'request', shop.url, '--yes');
    expect(report).toMatchObject({
      exitCode: 7,
      paid: true,
      status: 503,
      error: {
        code: 'seller_failed',
        retry: 'same-credential',
        outcome: 'credit',
        problem: { title: 'Down for repair' },
      },
    });
    const all = await farebox('pay', 'resume', '--all');
    expect([all.code, only(all.stdout)]).toMatchObject([
      7,
      { ok: false, payments: [{ id: report.id, exitCode: 7 }] },
    ]);
    shop.broken = false;
    const before = await spendable();
    const { code, stdout } = await farebox('pay', 'resume', String(report.id));
    expect([code, only(stdout)]).toMatchObject([
      0,
      { ok: true, paid: true, id: report.id, body: { rate: 1 } },
    ]);
    expect(await spendable()).toBe(before);
    expect(only((await farebox('pay', 'resume', '--all')).stdout)).toEqual({ ok: true, payments: [] });
  });
});
