import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, type DevnetServer, serveDevnet, startDevnet, writeDevnetFile } from '@farebox/devnet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { only, run } from './testing/run.js';
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
  shop.asked.length = 0;
  shop.broken = false;
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

const farebox = (...words: string[]) => run(home, words);
const spendable = async () => (await devnet.wallet.balance()).spendableMsat;

describe('pay request', () => {
  it('previews by default and spends nothing (R56)', async () => {
    const before = await spendable();
    const { code, stdout, stderr } = await farebox('pay', 'request', `${shop.url}/price/3`, '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(only(stdout)).toMatchObject({
      ok: true,
      paid: false,
      dryRun: true,
      url: `${shop.url}/price/3`,
      method: 'GET',
      status: 402,
      cost: { amount: '3', currency: 'sat', feeMsat: null },
      challenge: {
        method: 'lightning',
        intent: 'charge',
        realm: shop.url,
        network: 'regtest',
        description: 'a rate [31m',
      },
      allowed: true,
      receipt: null,
      body: null,
    });
    expect(stdout).not.toContain('\\u001b');
    expect(await spendable()).toBe(before);
  });

  it('pays, replays and delivers with --yes, and asks nobody (R57, R59)', async () => {
    const before = await spendable();
    const { code, stdout, stderr } = await farebox(
      'pay',
      'request',
      `${shop.url}/price/2`,
      '--yes',
      '-a',
      '0',
      '--json',
    );
    expect([code, stderr]).toEqual([0, '']);
    const object = only(stdout);
    expect(object).toMatchObject({
      ok: true,
      paid: true,
      dryRun: false,
      status: 200,
      cost: { amount: '2', currency: 'sat', feeMsat: '0' },
      receiptStatus: 'valid',
      receipt: { status: 'success', method: 'lightning' },
      warnings: [],
      body: { rate: 1 },
      bodyEncoding: 'json',
    });
    expect(before - (await spendable())).toBe(2_000n);
    expect(stdout + stderr).not.toMatch(/preimage/i);
    const history = only((await farebox('pay', 'history')).stdout);
    expect(history).toMatchObject({
      ok: true,
      payments: [{ id: object.id, state: 'delivered', status: 200 }],
    });
  });

  it('does not pay for a key over its limit, and says that it could without one', async () => {
    const before = await spendable();
    const words = ['pay', 'request', `${shop.url}/keys`, '--yes', '--json'];
    const keyed = await farebox(...words, '-H', 'X-API-Key: k');
    expect([keyed.code, only(keyed.stderr)]).toMatchObject([
      1,
      { error: { message: expect.stringContaining('ask again without the key') }, paid: false, status: 429 },
    ]);
    expect(await spendable()).toBe(before);
    expect(only((await farebox(...words)).stdout)).toMatchObject({ ok: true, paid: true });
  });

  it.each(['request', 'check'])('%s of a template asks nobody', async (command) => {
    const { code, stderr } = await farebox('pay', command, `${shop.url}/v1/{address}/utxos`, '--json');
    expect([code, shop.asked]).toEqual([2, []]);
    expect(stderr).toContain('{address}');
  });

  it('sends the method, the headers and the body, and names JSON', async () => {
    const { code } = await farebox(
      'pay',
      'request',
      `${shop.url}/order?a=1`,
      '-X',
      'PUT',
      '-H',
      'X-A: 1',
      '-d',
      '{"item":7}',
      '--yes',
    );
    expect(code).toBe(0);
    expect(shop.asked).toEqual(Array(2).fill('PUT /order?a=1 application/json {"item":7}'));
  });

  it('reads the body from stdin', async () => {
    const { code } = await run(
      home,
      ['pay', 'request', `${shop.url}/order`, '--data-file', '-', '-H', 'Content-Type: text/plain'],
      'hello',
    );
    expect(code).toBe(0);
    expect(shop.asked).toEqual(['POST /order text/plain hello']);
  });

  it('writes only the body with --body, and a whole file with -o', async () => {
    const body = await farebox('pay', 'request', shop.url, '--yes', '--body');
    expect(body).toMatchObject({ code: 0, stdout: '{"rate":1}' });
    expect(body.stderr).toContain('1 sat');
    const file = join(home, 'rate.json');
    const output = await farebox('pay', 'request', shop.url, '--yes', '-o', file);
    expect(only(output.stdout)).toMatchObject({ ok: true, bodyFile: file, body: null });
    expect(readFileSync(file, 'utf8')).toBe('{"rate":1}');
  });

  it('finds out that the file cannot be written before it pays', async () => {
    const before = await spendable();
    const { code, stderr } = await farebox(
      'pay',
      'request',
      shop.url,
      '--yes',
      '-o',
      join(home, 'no', 'such', 'place'),
    );
    expect([code, only(stderr)]).toMatchObject([1, { error: { code: 'output_file' } }]);
    expect(await spendable()).toBe(before);
  });

  it('keeps the Authorization of the caller: where the credential would take its place, nothing is paid', async () => {
    const before = await spendable();
    const words = ['pay', 'request', `${shop.url}/in-authorization`, '-H', 'Authorization: Bearer mine'];
    const { code, stderr } = await farebox(...words, '--yes', '--keep-authorization');
    expect([code, only(stderr)]).toMatchObject([2, { error: { code: 'authorization_taken' }, paid: false }]);
    expect([await spendable(), shop.asked.length]).toEqual([before, 1]);
  });

  it('passes on what is free', async () => {
    const { code, stdout } = await farebox('pay', 'request', `${shop.url}/free`, '--yes');
    expect([code, only(stdout)]).toMatchObject([
      0,
      { ok: true, paid: false, status: 200, cost: null, body: { free: true } },
    ]);
  });
});

describe('the journal', () => {
  it('keeps no proof after delivery and no secret header', async () => {
    await farebox('pay', 'request', shop.url, '--yes', '-H', 'X-API-Key: topsecretvalue');
    const journal = openJournal({ path: join(home, 'journal.db') });
    const [entry] = journal.list();
    expect(entry).toMatchObject({ state: 'delivered', request: { withheld: ['x-api-key'] } });
    expect(entry?.payload).toBeUndefined();
    journal.close();
    expect(readFileSync(join(home, 'journal.db')).includes('topsecretvalue')).toBe(false);
  });
});
