import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBitcoinApi } from './api.js';
import { type Facade, reply, rpcPassword, startFacade } from './testing/facade.js';
import { address, coinbaseTxid, genesis, own, paymentTxid, recordings, tip } from './testing/recordings.js';

let node: Facade;
let api: Hono;

beforeEach(async () => {
  node = await startFacade();
  api = createBitcoinApi({
    rpc: { url: node.url, user: 'me', password: rpcPassword },
    price: { currency: 'USD', rate: 97_123.45 },
  });
});

afterEach(() => node.close());

async function get(path: string): Promise<{ status: number; type: string | null; body: unknown }> {
  const answer = await api.request(path);
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() };
}

async function expectProblem(path: string, status: number, detail: RegExp): Promise<void> {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.type).toBe('application/problem+json');
  expect(answer.body).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(detail),
  });
}

describe('price', () => {
  it('answers the configured figure and says so, without asking the node', async () => {
    expect(await get('/v1/bitcoin/price')).toMatchObject({
      status: 200,
      body: { currency: 'USD', rate: 97_123.45, source: 'configured' },
    });
    expect(node.calls).toEqual([]);
  });

  it('refuses a price that is none', () => {
    const rpc = { url: node.url };
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createBitcoinApi({ rpc, price: { currency: 'USD', rate } })).toThrow(RangeError);
    }
    expect(() => createBitcoinApi({ rpc, price: { currency: 'dollars', rate: 1 } })).toThrow(RangeError);
  });
});

describe('blocks', () => {
  const block = {
    height: 170,
    hash: tip.hash,
    previousHash: tip.previousHash,
    timestamp: '2009-01-12T03:30:25.000Z',
    confirmations: 1,
    merkleRoot: tip.merkleRoot,
    txCount: 2,
    txids: [coinbaseTxid, paymentTxid],
  };

  it.each([
    '/v1/bitcoin/blocks/tip',
    '/v1/block/current',
    '/v1/bitcoin/blocks/170',
    '/v1/block/height/170',
    `/v1/bitcoin/blocks/${tip.hash}`,
    `/v1/bitcoin/blocks/${tip.hash.toUpperCase()}`,
  ])('answers the tip at %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 200, type: 'application/json', body: { block } });
  });

  it('hands out txids that add up to the merkle root', () => {
    const twice = (data: Buffer) =>
      createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
    const leaves = block.txids.map((txid) => Buffer.from(txid, 'hex').reverse());
    expect(twice(Buffer.concat(leaves)).reverse().toString('hex')).toBe(block.merkleRoot);
  });

  it('answers the genesis block, which has no previous one', async () => {
    const { body } = await get('/v1/bitcoin/blocks/0');
    expect(body).toMatchObject({
      block: { height: 0, hash: genesis.hash, timestamp: '2009-01-03T18:15:05.000Z' },
    });
    expect(body).not.toHaveProperty('block.previousHash');
  });

  it('refuses what names no block', async () => {
    await expectProblem('/v1/bitcoin/blocks/171', 404, /no such block/);
    await expectProblem(`/v1/bitcoin/blocks/${'0'.repeat(64)}`, 404, /no such block/);
    await expectProblem('/v1/bitcoin/blocks/latest', 400, /height or by its hash/);
    await expectProblem('/v1/bitcoin/blocks/-1', 400, /height or by its hash/);
    await expectProblem('/v1/block/height/1.5', 400, /whole number/);
    expect(node.calls.filter((call) => call.startsWith('getblockhash'))).toEqual(['getblockhash [171]']);
  });
});

describe('transactions', () => {
  it('answers a transaction in sats, with the block it is in', async () => {
    const { body } = await get(`/v1/bitcoin/transactions/${paymentTxid}`);
    expect(body).toMatchObject({
      txid: paymentTxid,
      wtxid: paymentTxid,
      size: 275,
      fee: 0,
      vin: [
        {
          txid: '0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9',
          vout: 0,
          sequence: 0xffff_ffff,
        },
      ],
      vout: [
        { n: 0, value: 1_000_000_000, type: 'pubkey' },
        { n: 1, value: 4_000_000_000, type: 'pubkey' },
      ],
      status: { confirmed: true, blockHeight: 170, blockHash: tip.hash, blockTime: tip.time },
    });
  });

  it('answers a coinbase', async () => {
    const { body } = await get(`/v1/bitcoin/transactions/${coinbaseTxid}`);
    expect(body).toMatchObject({ vin: [{ coinbase: '04ffff001d0102' }], vout: [{ value: 5_000_000_000 }] });
  });

  it('answers one in the mempool', async () => {
    const { body } = await get(`/v1/bitcoin/transactions/${own.spending}`);
    expect(body).toMatchObject({ status: { confirmed: false } });
  });

  it('refuses what names none', async () => {
    await expectProblem(`/v1/bitcoin/transactions/${'0'.repeat(64)}`, 404, /no such transaction/);
    await expectProblem('/v1/bitcoin/transactions/xyz', 400, /64 hexadecimal digits/);
  });
});

describe('addresses', () => {
  it('answers the balance, in the chain and in the mempool', async () => {
    const { status, body } = await get(`/v1/bitcoin/address/${address}/balance`);
    expect(status).toBe(200);
    expect(body).toEqual({
      address,
      height: 170,
      basis: 'unspent-outputs',
      confirmed: { fundedCount: 3, fundedSum: 39_000_001, spentCount: 0, spentSum: 0, balance: 39_000_001 },
      // 0.29 spent, 0.10 of it back; then those 0.10 spent too.
      unconfirmed: {
        fundedCount: 1,
        fundedSum: 10_000_000,
        spentCount: 2,
        spentSum: 39_000_000,
        balance: -29_000_000,
      },
    });
  });

  it('says null for a mempool too large to be read, and does not read it', async () => {
    node.behave('getrawmempool', (answer) => {
      reply(answer, {
        result: JSON.stringify(Array.from({ length: 501 }, (_, n) => n.toString(16).padStart(64, '0'))),
      });
    });
    const { body } = await get(`/v1/bitcoin/address/${address}/balance`);
    expect(body).toMatchObject({ confirmed: { balance: 39_000_001 }, unconfirmed: null });
    expect(node.calls.filter((call) => call.startsWith('getrawtransaction'))).toEqual([]);
  });

  it('begins anew when a block comes in between, and gives up when they keep coming', async () => {
    const tips = ['ff'.repeat(32), tip.hash];
    node.behave('getbestblockhash', (answer) =>
      reply(answer, { result: JSON.stringify(tips.shift() ?? 'ee'.repeat(32)) }),
    );
    expect(await get(`/v1/bitcoin/address/${address}/balance`)).toMatchObject({ status: 200 });
    expect(tips).toEqual([]);
    await expectProblem(`/v1/bitcoin/address/${address}/balance`, 503, /New blocks came/);
    expect(node.calls.filter((call) => call.startsWith('scantxoutset'))).toHaveLength(2 + 3);
  });

  it('answers unspent outputs, oldest first, in pages', async () => {
    const inBlock0 = { confirmed: true, blockHeight: 0, blockHash: genesis.hash, blockTime: genesis.time };
    const inBlock170 = { confirmed: true, blockHeight: 170, blockHash: tip.hash, blockTime: tip.time };
    const first = { txid: own.first, vout: 1, value: 29_000_000, status: inBlock0 };
    const second = { txid: own.second, vout: 0, value: 1, status: inBlock170 };
    const third = { txid: own.third, vout: 0, value: 10_000_000, status: inBlock170 };
    const path = `/v1/bitcoin/address/${address}/utxo`;
    expect((await get(path)).body).toEqual({ hasMore: false, items: [first, second, third] });
    expect((await get(`${path}?limit=2`)).body).toEqual({ hasMore: true, items: [first, second] });
    expect((await get(`${path}?offset=2&limit=2`)).body).toEqual({ hasMore: false, items: [third] });
    expect((await get(`${path}?offset=1&limit=2`)).body).toEqual({ hasMore: false, items: [second, third] });
    expect((await get(`${path}?offset=3`)).body).toEqual({ hasMore: false, items: [] });
  });

  it('refuses what is no address, on this network', async () => {
    await expectProblem(
      '/v1/bitcoin/address/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080/balance',
      400,
      /no valid address/,
    );
    await expectProblem('/v1/bitcoin/address/addr(x)/balance', 400, /letters and digits/);
    await expectProblem(`/v1/bitcoin/address/${address}/utxo?limit=61`, 400, /from 1 to 60/);
    await expectProblem(`/v1/bitcoin/address/${address}/utxo?offset=-1`, 400, /offset/);
    expect(node.calls.some((call) => call.startsWith('scantxoutset'))).toBe(false);
  });

  it('lets callers for one address share a scan', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => get(`/v1/bitcoin/address/${address}/utxo`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(node.calls.filter((call) => call.startsWith('scantxoutset')).length).toBeLessThan(4);
  });

  it('answers 503 while a scan of somebody else runs', async () => {
    node.behave('scantxoutset', (answer) => {
      reply(answer, {
        status: 500,
        error: { code: -8, message: 'Scan already in progress, use action "abort" or "status"' },
      });
    });
    await expectProblem(`/v1/bitcoin/address/${address}/utxo`, 503, /busy scanning/);
  });
});

describe('fees', () => {
  it.each(['/v1/bitcoin/fees/estimate', '/v1/bitcoin/mempool/fee-estimates'])(
    'answers estimates at %s',
    async (path) => {
      expect((await get(path)).body).toEqual({
        currentBlockHeight: 170,
        unit: 'sat/vB',
        estimates: { nextBlock: 12.345, in2Blocks: 10, in3Blocks: 1 },
        source: 'mempool-minimum',
      });
    },
  );

  it('says when all estimates are the node’s', async () => {
    node.behave('estimatesmartfee', (answer) =>
      reply(answer, { result: '{"feerate":0.00012345,"blocks":2}' }),
    );
    expect((await get('/v1/bitcoin/fees/estimate')).body).toMatchObject({
      estimates: { nextBlock: 12.345, in2Blocks: 12.345, in3Blocks: 12.345 },
      source: 'node-estimate',
    });
  });

  it('answers the mempool', async () => {
    expect((await get('/v1/bitcoin/fees/mempool')).body).toEqual({
      currentBlockHeight: 170,
      unit: 'sat/vB',
      txCount: 2,
      vbytes: 282,
      totalFeesSats: 20_000,
      feeRates: { min: 1, relay: 1, avg: 70.921 },
    });
  });

  it('says null for what an empty mempool has not', async () => {
    const info = '{"size":0,"bytes":0,"mempoolminfee":1e-05,"minrelaytxfee":1e-05}';
    node.behave('getmempoolinfo', (answer) => reply(answer, { result: info }));
    expect((await get('/v1/bitcoin/fees/mempool')).body).toMatchObject({
      totalFeesSats: null,
      feeRates: { min: 1, relay: 1, avg: null },
    });
  });
});

describe('what is no endpoint', () => {
  it('is 404', async () => {
    await expectProblem('/', 404, /openapi\.json/);
    await expectProblem('/v1/bitcoin/tx/send', 404, /openapi\.json/);
  });

  it('is 404 for another method too', async () => {
    expect((await api.request('/v1/bitcoin/price', { method: 'DELETE' })).status).toBe(404);
  });
});

it('has recordings in Bitcoin Core’s form: every result is JSON', () => {
  for (const recording of Object.values(recordings)) {
    if ('result' in recording) expect(() => JSON.parse(recording.result)).not.toThrow();
  }
});
