import { createHash } from 'node:crypto';
import { type Devnet, serveDevnet, startDevnet } from '@farebox/devnet';
import { hex } from '@scure/base';
import { Transaction as RawTransaction } from '@scure/btc-signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Balance, Utxo } from './address.js';
import type { Block } from './blocks.js';
import { type RunningBitcoinApi, startBitcoinApi } from './server.js';
import type { Transaction } from './transactions.js';

let devnet: Devnet;
let served: Awaited<ReturnType<typeof serveDevnet>>;
let api: RunningBitcoinApi;

beforeAll(async () => {
  devnet = await startDevnet();
  served = await serveDevnet(devnet, { port: 0 });
  api = await startBitcoinApi({
    rpc: { url: `${served.url}/bitcoin`, user: 'farebox', password: served.token },
    price: { currency: 'USD', rate: 100_000 },
    port: 0,
  });
});

afterAll(async () => {
  await api?.close();
  await served?.close();
  await devnet?.close();
});

// The answers' shapes are held against their schemas in openapi.test.ts; here their content counts.
async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${api.url}${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.json() as Promise<T>;
}

async function statusOf(path: string): Promise<number> {
  return (await fetch(`${api.url}${path}`)).status;
}

async function call(method: string, params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await fetch(`${api.url}/v2/bitcoin/rpc`, { method: 'POST', body });
  return z
    .object({ jsonrpc: z.literal('2.0'), result: z.unknown(), id: z.literal(1) })
    .parse(await answer.json()).result;
}

async function readChain(): Promise<Block[]> {
  const { block: tip } = await get<{ block: Block }>('/v1/bitcoin/blocks/tip');
  const heights = Array.from({ length: tip.height + 1 }, (_, height) => height);
  return Promise.all(
    heights.map(async (height) => (await get<{ block: Block }>(`/v1/bitcoin/blocks/${height}`)).block),
  );
}

function sha256Twice(data: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
}

function merkleRoot(txids: readonly string[]): string {
  let level: Uint8Array[] = txids.map((txid) => Buffer.from(txid, 'hex').reverse());
  while (level.length > 1) {
    level = level.flatMap((left, index) =>
      index % 2 === 0 ? [sha256Twice(Buffer.concat([left, level[index + 1] ?? left]))] : [],
    );
  }
  return Buffer.from(level[0] ?? [])
    .reverse()
    .toString('hex');
}

describe('on the devnet’s real chain', () => {
  it('follows the tip', async () => {
    const { block: before } = await get<{ block: Block }>('/v1/bitcoin/blocks/tip');
    const mined = await devnet.mine(2);
    const { block: after } = await get<{ block: Block }>('/v1/block/current');
    expect(after).toMatchObject({ height: mined.height, hash: mined.hash, confirmations: 1 });
    expect(after.height).toBe(before.height + 2);
    expect((await get<{ block: Block }>(`/v1/bitcoin/blocks/${before.hash}`)).block).toEqual({
      ...before,
      confirmations: 3,
    });
    expect(await get('/healthz')).toEqual({ status: 'ok', height: after.height });
    expect(await statusOf(`/v1/bitcoin/blocks/${after.height + 1}`)).toBe(404);
  });

  it('answers blocks whose headers hash to their names and chain up', async () => {
    const chain = await readChain();
    expect(chain[0]?.hash).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
    for (const [height, block] of chain.entries()) {
      expect(block.height).toBe(height);
      expect(block.previousHash).toBe(chain[height - 1]?.hash);
      expect(block.confirmations).toBe(chain.length - height);
      expect(merkleRoot(block.txids)).toBe(block.merkleRoot);
      const raw = hex.decode(z.string().parse(await call('getblockheader', [block.hash, false])));
      expect(sha256Twice(raw).reverse().toString('hex')).toBe(block.hash);
    }
  });

  it('answers transactions and balances that agree with the raw transactions of the whole chain', async () => {
    const unspent = new Map<string, { address: string | undefined; utxo: Utxo }>();
    for (const block of (await readChain()).slice(1)) {
      for (const txid of block.txids) {
        const transaction = await get<Transaction>(`/v1/bitcoin/transactions/${txid}`);
        const raw = readRaw(hex.decode(z.string().parse(await call('getrawtransaction', [txid, false]))));
        expect(transaction).toMatchObject({
          txid: raw.txid,
          size: raw.size,
          weight: raw.weight,
          vout: raw.vout,
        });
        expect(transaction.status).toMatchObject({
          confirmed: true,
          blockHeight: block.height,
          blockHash: block.hash,
        });
        for (const input of transaction.vin)
          if ('txid' in input) unspent.delete(`${input.txid}:${input.vout}`);
        for (const { n: vout, value, address } of transaction.vout) {
          if (transaction.vout[vout]?.type !== 'nulldata') {
            unspent.set(`${txid}:${vout}`, {
              address,
              utxo: { txid, vout, value, status: transaction.status },
            });
          }
        }
      }
    }
    const addresses = new Set(
      [...unspent.values()].flatMap(({ address }) => (address === undefined ? [] : [address])),
    );
    // The miner's own, and the 2-of-2 of the channel.
    expect(addresses.size).toBeGreaterThanOrEqual(2);
    for (const address of addresses) {
      const expected = [...unspent.values()]
        .filter((coin) => coin.address === address)
        .map(({ utxo }) => utxo);
      const sum = expected.reduce((total, { value }) => total + value, 0);
      const nothing = { fundedCount: 0, fundedSum: 0, spentCount: 0, spentSum: 0, balance: 0 };
      expect(await get<Balance>(`/v1/bitcoin/address/${address}/balance`)).toMatchObject({
        address,
        confirmed: { fundedCount: expected.length, fundedSum: sum, spentCount: 0, spentSum: 0, balance: sum },
        unconfirmed: nothing,
      });
      expect((await readUtxos(address)).toSorted(byOutpoint)).toEqual(expected.toSorted(byOutpoint));
    }
  });

  it('refuses addresses of other networks', async () => {
    expect(await statusOf('/v1/bitcoin/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/balance')).toBe(
      400,
    );
    expect(await statusOf('/v1/bitcoin/address/1Q2TWHE3GMdB6BZKafqwxtWAWgFt5Jvm3v/utxo')).toBe(400);
    expect(await statusOf(`/v1/bitcoin/transactions/${'0'.repeat(64)}`)).toBe(404);
  });

  it('answers fees for a quiet chain, and says so', async () => {
    expect(await get('/v1/bitcoin/fees/estimate')).toMatchObject({
      unit: 'sat/vB',
      source: 'mempool-minimum',
    });
    expect(await get('/v1/bitcoin/fees/mempool')).toMatchObject({
      txCount: 0,
      vbytes: 0,
      feeRates: { avg: null },
    });
  });

  it('passes JSON-RPC', async () => {
    expect(await call('getblockchaininfo', [])).toMatchObject({ chain: 'regtest' });
    const { height, hash } = (await get<{ block: Block }>('/v1/bitcoin/blocks/tip')).block;
    expect(await call('getblockcount', [])).toBe(height);
    expect(await call('getblockhash', [height])).toBe(hash);
  });

  it('is 502 without the devnet’s token', async () => {
    const stranger = await startBitcoinApi({
      rpc: { url: `${served.url}/bitcoin`, user: 'farebox', password: 'guess' },
      price: { currency: 'USD', rate: 1 },
      port: 0,
    });
    const answer = await fetch(`${stranger.url}/v1/bitcoin/blocks/tip`);
    expect(answer.status).toBe(502);
    await stranger.close();
  });
});

async function readUtxos(address: string): Promise<Utxo[]> {
  const items: Utxo[] = [];
  for (;;) {
    const page = await get<{ hasMore: boolean; items: Utxo[] }>(
      `/v1/bitcoin/address/${address}/utxo?limit=7&offset=${items.length}`,
    );
    items.push(...page.items);
    if (!page.hasMore) return items;
  }
}

function byOutpoint(a: Utxo, b: Utxo): number {
  return a.txid.localeCompare(b.txid) || a.vout - b.vout;
}

/** Reads a raw transaction with a library that has no part in the API or the devnet's answer. */
function readRaw(raw: Uint8Array) {
  const transaction = RawTransaction.fromRaw(raw, {
    allowUnknownInputs: true,
    allowUnknownOutputs: true,
    disableScriptCheck: true,
  });
  const vout = Array.from({ length: transaction.outputsLength }, (_, n) => {
    const { amount = 0n, script = new Uint8Array() } = transaction.getOutput(n);
    return { n, value: Number(amount), scriptPubKey: hex.encode(script) };
  });
  return { txid: transaction.id, size: raw.length, weight: transaction.weight, vout };
}
