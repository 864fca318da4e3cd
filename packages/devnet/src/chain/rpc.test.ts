import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@farebox/protocol';
import { isJsonObject } from '@farebox/protocol';
import { Transaction as SignerTransaction } from '@scure/btc-signer';
import { describe, expect, it } from 'vitest';
import { Chain } from './chain.js';
import { sha256 } from './encoding.js';
import { bitcoinRpc } from './rpc.js';
import { MinerWallet } from './wallet.js';

const miner = new MinerWallet(sha256(Buffer.from('rpc test')));
const chain = new Chain(miner.script, [], () => {});
chain.mine(110, 1_700_000_000, 10);
const payment = miner.spend(chain, miner.script, 123_456_789n);
chain.submit(payment.raw);
chain.mine(1, 1_700_000_001);

const sha = (data: Uint8Array) => createHash('sha256').update(data).digest();
const display = (hash: Uint8Array) => Buffer.from(hash).reverse().toString('hex');
const call = (method: string, ...params: JsonValue[]) => bitcoinRpc(chain, method, params);
function members(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw new Error('An object was expected.');
  return value;
}
function codeOf(method: string, ...params: JsonValue[]): unknown {
  try {
    return call(method, ...params);
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('blocks', () => {
  it('knows the tip', () => {
    expect(call('getblockcount')).toBe(111);
    expect(call('getblockhash', 111)).toBe(call('getbestblockhash'));
    expect(call('getblockhash', 0)).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
    expect(call('getblockchaininfo')).toMatchObject({
      chain: 'regtest',
      blocks: 111,
      bestblockhash: call('getbestblockhash'),
      chainwork: (224).toString(16).padStart(64, '0'),
    });
  });

  it('links headers both ways', () => {
    const hash = call('getblockhash', 50);
    const header = members(call('getblockheader', hash));
    expect(header).toMatchObject({
      hash,
      height: 50,
      confirmations: 62,
      previousblockhash: call('getblockhash', 49),
      nextblockhash: call('getblockhash', 51),
      bits: '207fffff',
      nTx: 1,
    });
    expect(members(call('getblockheader', call('getblockhash', 0)))).not.toHaveProperty('previousblockhash');
    expect(members(call('getblockheader', call('getbestblockhash')))).not.toHaveProperty('nextblockhash');
    expect(call('getblockheader', hash, false)).toBe(String(call('getblock', hash, 0)).slice(0, 160));
  });

  it('shows a block as hex, with ids, and with transactions', () => {
    const hash = call('getbestblockhash');
    const raw = String(call('getblock', hash, 0));
    const ids = members(call('getblock', hash));
    const full = members(call('getblock', hash, 2));
    expect(ids.tx).toEqual([expect.any(String), payment.txid]);
    expect(ids.size).toBe(raw.length / 2);
    expect(Number(ids.weight)).toBe(Number(ids.strippedsize) * 3 + raw.length / 2);
    expect(full.tx).toMatchObject([{ vin: [{ coinbase: expect.any(String) }] }, { txid: payment.txid }]);
    expect(call('getblock', hash, false)).toBe(raw);
    expect(call('getblock', hash, true)).toEqual(ids);
  });
});

describe('transactions', () => {
  it('finds any transaction by its id', () => {
    expect(call('getrawtransaction', payment.txid)).toBe(payment.raw.toString('hex'));
    const found = members(call('getrawtransaction', payment.txid, true));
    const independent = SignerTransaction.fromRaw(payment.raw);
    expect(found).toMatchObject({
      txid: independent.id,
      hash: display(sha(sha(payment.raw))),
      vsize: independent.vsize,
      weight: independent.weight,
      blockhash: call('getbestblockhash'),
      confirmations: 1,
      blocktime: chain.tip.time,
      fee: 0.00001,
    });
    expect(found.vout).toMatchObject([
      { value: 1.23456789, n: 0, scriptPubKey: { type: 'witness_v0_keyhash', address: miner.address } },
      { value: 48.76542211, n: 1 },
    ]);
    expect(call('getrawtransaction', payment.txid, true, call('getbestblockhash'))).toEqual(found);
  });

  it('decodes one that it has never seen', () => {
    const unseen = miner.spend(chain, miner.script, 5_000n);
    const decoded = members(call('decoderawtransaction', unseen.raw.toString('hex')));
    expect(decoded).toMatchObject({ txid: unseen.txid, vout: [{ value: 0.00005 }, {}] });
    expect(decoded).not.toHaveProperty('hex');
  });

  it('tells spent outputs from unspent ones', () => {
    expect(call('gettxout', payment.txid, 0)).toMatchObject({
      value: 1.23456789,
      confirmations: 1,
      coinbase: false,
    });
    expect(call('gettxout', payment.inputs[0]?.txid ?? '', 0)).toBeNull();
    expect(call('gettxout', 'ab'.repeat(32), 0)).toBeNull();
  });

  it('counts the mempool, where one waits', () => {
    const other = new Chain(miner.script, [], () => {});
    other.mine(110, 1_700_000_000, 10);
    const waiting = miner.spend(other, miner.script, 1_000n);
    other.submit(waiting.raw);
    expect(bitcoinRpc(other, 'getrawmempool', [])).toEqual([waiting.txid]);
    expect(bitcoinRpc(other, 'getmempoolinfo', [])).toMatchObject({ size: 1, total_fee: 0.00001 });
    const spent = waiting.inputs[0]?.txid ?? '';
    expect(bitcoinRpc(other, 'gettxout', [spent, 0])).toBeNull();
    expect(bitcoinRpc(other, 'gettxout', [spent, 0, false])).toMatchObject({ coinbase: true, value: 50 });
    expect(bitcoinRpc(other, 'gettxout', [waiting.txid, 0])).toMatchObject({
      confirmations: 0,
      value: 0.00001,
    });
    expect(bitcoinRpc(other, 'getrawtransaction', [waiting.txid, true])).not.toHaveProperty('blockhash');
  });
});

describe('addresses', () => {
  it('adds up the coins of one', () => {
    const scanned = members(call('scantxoutset', 'start', [`addr(${miner.address})`]));
    expect(scanned).toMatchObject({ success: true, height: 111, bestblock: call('getbestblockhash') });
    // 110 subsidies, of which one was split in two, and the last with the fee: nothing is lost.
    expect(scanned.total_amount).toBe(111 * 50);
    expect(scanned.unspents).toHaveLength(112);
    expect(call('scantxoutset', 'abort')).toBe(false);
    expect(call('scantxoutset', 'status')).toBeNull();
  });

  it('validates regtest addresses only', () => {
    expect(call('validateaddress', miner.address)).toMatchObject({
      isvalid: true,
      iswitness: true,
      witness_version: 0,
      scriptPubKey: Buffer.from(miner.script).toString('hex'),
    });
    // The P2WPKH example of BIP 173, for the main network and for the test network.
    expect(call('validateaddress', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')).toMatchObject({
      isvalid: false,
    });
    expect(call('validateaddress', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx')).toMatchObject({
      isvalid: false,
    });
  });
});

describe("refusals, with Bitcoin Core's codes", () => {
  it.each<[string, JsonValue[], number]>([
    ['sendtoaddress', [], -32601],
    ['constructor', [], -32601],
    ['getblockhash', [112], -8],
    ['getblockhash', [-1], -8],
    ['getblockhash', ['1'], -3],
    ['getblockhash', [], -1],
    ['getblock', ['00'], -8],
    ['getblock', ['zz'.repeat(32)], -8],
    ['getblock', ['ab'.repeat(32)], -5],
    ['getblockheader', ['ab'.repeat(32)], -5],
    ['getrawtransaction', ['ab'.repeat(32)], -5],
    ['getrawtransaction', ['4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b'], -5],
    ['decoderawtransaction', ['00'], -22],
    ['scantxoutset', ['start', ['addr(nonsense)']], -5],
    ['scantxoutset', ['begin', []], -8],
    ['estimatesmartfee', [0], -8],
  ])('%s %j', (method, params, code) => {
    expect(codeOf(method, ...params)).toBe(code);
  });
});
