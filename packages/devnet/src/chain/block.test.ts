import { createHash } from 'node:crypto';
import { Transaction as SignerTransaction } from '@scure/btc-signer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GENESIS_RAW,
  heightPush,
  meetsTarget,
  merkleRoot,
  mineBlock,
  parseBlock,
  subsidySat,
} from './block.js';
import { Chain } from './chain.js';
import { MinerWallet } from './wallet.js';

const sha = (data: Uint8Array) => createHash('sha256').update(data).digest();
const twice = (data: Uint8Array) => sha(sha(data));
const display = (hash: Uint8Array) => Buffer.from(hash).reverse().toString('hex');

/** The textbook definition, by recursion, against the iteration in the code. */
function merkleByHand(hashes: Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) throw new Error('A tree has leaves.');
  if (hashes.length === 1) return first;
  const even = hashes.length % 2 === 0 ? hashes : [...hashes, hashes.at(-1) ?? first];
  const parents: Buffer[] = [];
  for (let i = 0; i < even.length; i += 2) parents.push(twice(Buffer.concat(even.slice(i, i + 2))));
  return merkleByHand(parents);
}

describe('the genesis block', () => {
  it('is the one of every regtest chain', () => {
    const genesis = parseBlock(GENESIS_RAW, 0);
    expect(genesis.hash).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
    expect(genesis.transactions[0]?.txid).toBe(
      '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    );
    expect(genesis.merkleRoot).toBe(genesis.transactions[0]?.txid);
  });
});

describe('merkleRoot', () => {
  it('agrees with the recursive definition for any number of transactions', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 20 }), (hashes) => {
        expect(merkleRoot(hashes).equals(merkleByHand(hashes))).toBe(true);
      }),
    );
  });
});

describe('meetsTarget', () => {
  const target = 0x7fffffn << 232n;
  const wire = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();

  it('takes the target itself and refuses one more', () => {
    expect(meetsTarget(wire(target))).toBe(true);
    expect(meetsTarget(wire(target + 1n))).toBe(false);
    expect(meetsTarget(wire(target - 1n))).toBe(true);
  });

  it('agrees with arithmetic on the whole number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (value) => {
        expect(meetsTarget(wire(value))).toBe(value <= target);
      }),
    );
  });
});

describe('heightPush', () => {
  it.each([
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [255, '02ff00'],
    [256, '020001'],
    [32_767, '02ff7f'],
    [32_768, '03008000'],
    // The main network's first block that had to carry its height.
    [227_931, '035b7a03'],
  ])('writes height %i as BIP 34 wants it', (height, push) => {
    expect(heightPush(height).toString('hex')).toBe(push);
  });
});

describe('subsidySat', () => {
  it('halves every 150 blocks', () => {
    expect([1, 149, 150, 299, 300].map(subsidySat)).toEqual([
      5_000_000_000n,
      5_000_000_000n,
      2_500_000_000n,
      2_500_000_000n,
      1_250_000_000n,
    ]);
  });
});

describe('a mined block with transactions', () => {
  const miner = new MinerWallet(sha(Buffer.from('block test')));
  const chain = new Chain(miner.script, [], () => {});
  chain.mine(120, 1_700_000_000, 10);
  const payments = [1_000n, 2_000n, 3_000n].map((amount) => {
    const payment = miner.spend(chain, miner.script, amount);
    expect(chain.submit(payment.raw)).toEqual({ ok: true, txid: payment.txid });
    return payment;
  });
  chain.mine(1, 1_700_000_100);
  const block = chain.tip;

  it('carries them in order, and its ids agree with an independent reader', () => {
    const ids = block.transactions.slice(1).map((t) => SignerTransaction.fromRaw(t.raw).id);
    expect(ids).toEqual(payments.map((p) => p.txid));
    expect(block.transactions.slice(1).map((t) => t.txid)).toEqual(ids);
  });

  it('has the double SHA-256 of its header as its hash, below the target', () => {
    const hash = twice(block.raw.subarray(0, 80));
    expect(block.hash).toBe(display(hash));
    expect(BigInt(`0x${block.hash}`) <= 0x7fffffn << 232n).toBe(true);
    expect(block.raw.readUInt32LE(72)).toBe(0x207fffff);
  });

  it('commits to its transactions', () => {
    const ids = block.transactions.map((t) => Buffer.from(t.txid, 'hex').reverse());
    expect(block.merkleRoot).toBe(display(merkleByHand(ids)));
    expect(block.previousHash).toBe(chain.blockAt(block.height - 1)?.hash);
  });

  it('commits to its witnesses in the coinbase (BIP 141)', () => {
    const witnessIds = [Buffer.alloc(32), ...block.transactions.slice(1).map((t) => twice(t.raw))];
    const commitment = twice(Buffer.concat([merkleByHand(witnessIds), Buffer.alloc(32)]));
    const coinbase = block.transactions[0];
    const script = Buffer.from(coinbase?.outputs[1]?.script ?? []);
    expect(script.toString('hex')).toBe(`6a24aa21a9ed${commitment.toString('hex')}`);
    expect(coinbase?.inputs[0]?.witness.map((w) => Buffer.from(w).toString('hex'))).toEqual([
      '00'.repeat(32),
    ]);
  });

  it('pays the miner the subsidy and the fees', () => {
    expect(block.transactions[0]?.outputs[0]?.valueSat).toBe(subsidySat(block.height) + 3n * 1_000n);
  });

  it('is refused when cut short or followed by more', () => {
    expect(() => parseBlock(block.raw.subarray(0, -1), block.height)).toThrow(RangeError);
    expect(() => parseBlock(Buffer.concat([block.raw, Buffer.alloc(1)]), block.height)).toThrow(RangeError);
  });

  it('survives a round trip through its bytes', () => {
    const template = {
      height: 7,
      previousHash: block.hash,
      time: 5,
      feesSat: 0n,
      rewardScript: miner.script,
    };
    const mined = mineBlock({ ...template, transactions: payments });
    expect(parseBlock(mined.raw, 7)).toEqual(mined);
  });
});
