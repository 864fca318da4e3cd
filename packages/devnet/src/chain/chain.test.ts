import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chain } from './chain.js';
import { sha256 } from './encoding.js';
import { BlockFile } from './store.js';
import { MinerWallet } from './wallet.js';

const nowSeconds = 1_700_000_000;
const miner = new MinerWallet(sha256(Buffer.from('chain test')));

function newChain(blocks: number): Chain {
  const chain = new Chain(miner.script, [], () => {});
  chain.mine(blocks, nowSeconds, 10);
  return chain;
}

describe('time', () => {
  it('gives every block a time after the median of the eleven before it (BIP 113)', () => {
    const chain = newChain(30);
    // All at the same moment: the rule forces the clock forward.
    chain.mine(30, nowSeconds);
    for (const block of chain.blocks.slice(1)) {
      const before = chain.blocks.slice(Math.max(0, block.height - 11), block.height).map((b) => b.time);
      const sorted = before.toSorted((a, b) => a - b);
      expect(block.time).toBeGreaterThan(sorted[sorted.length >> 1] ?? 0);
    }
  });

  it('ends at the moment asked for', () => {
    expect(newChain(110).tip.time).toBe(nowSeconds);
  });
});

describe('coins', () => {
  it('may be spent only a hundred blocks after they were mined', () => {
    const chain = newChain(99);
    expect(() => miner.spend(chain, miner.script, 1_000n)).toThrow('no mature coin');
    chain.mine(1, nowSeconds);
    expect(miner.spend(chain, miner.script, 1_000n).inputs).toHaveLength(1);
  });

  it('cannot be spent twice, in the mempool or in the chain', () => {
    const chain = newChain(101);
    const first = miner.spend(chain, miner.script, 1_000n);
    const second = miner.spend(chain, miner.script, 2_000n);
    expect(first.inputs[0]?.txid).toBe(second.inputs[0]?.txid);
    expect(chain.submit(first.raw).ok).toBe(true);
    expect(chain.submit(second.raw)).toEqual({ ok: false, reason: 'txn-mempool-conflict' });
    chain.mine(1, nowSeconds);
    expect(chain.submit(second.raw)).toEqual({ ok: false, reason: 'bad-txns-inputs-missingorspent' });
    expect(chain.submit(first.raw)).toEqual({ ok: true, txid: first.txid });
    expect(chain.mempool.size).toBe(0);
  });

  it('add up to what was mined', () => {
    const chain = newChain(160);
    chain.submit(miner.spend(chain, miner.script, 1_000n).raw);
    chain.mine(1, nowSeconds);
    const all = [...chain.coins.values()].reduce((sum, coin) => sum + coin.valueSat, 0n);
    expect(all).toBe(149n * 5_000_000_000n + 12n * 2_500_000_000n);
  });
});

describe('the block file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devnet-chain-'));
    path = join(directory, 'blocks');
    const file = new BlockFile(path);
    const chain = new Chain(miner.script, file.load(), (block) => file.append(block));
    chain.mine(105, nowSeconds, 10);
    file.makeDurable();
    chain.submit(miner.spend(chain, miner.script, 1_000n).raw);
    chain.mine(1, nowSeconds);
    file.close();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function reopen(): Chain {
    const file = new BlockFile(path);
    const chain = new Chain(miner.script, file.load(), () => {});
    file.close();
    return chain;
  }

  it('gives back the same chain and the same coins', () => {
    const first = reopen();
    const second = reopen();
    expect(first.height).toBe(106);
    expect(second.tip.hash).toBe(first.tip.hash);
    expect(second.coins).toEqual(first.coins);
  });

  it('drops a torn last block, wherever it was torn, and goes on from there', () => {
    const whole = readFileSync(path);
    const lastStart = whole.length - reopen().tip.raw.length - 4;
    for (const keep of [1, 3, 4, 5, 84, 100]) {
      writeFileSync(path, whole.subarray(0, lastStart + keep));
      expect(reopen().height).toBe(105);
      expect(readFileSync(path).length).toBe(lastStart);
      const file = new BlockFile(path);
      const chain = new Chain(miner.script, file.load(), (block) => file.append(block));
      chain.mine(1, nowSeconds + 1);
      file.close();
      expect(reopen().height).toBe(106);
    }
  });

  it('does not mistake damage in the middle for a torn end', () => {
    const data = readFileSync(path);
    data.writeUInt32LE(90, 0);
    writeFileSync(path, data);
    expect(reopen).toThrow('damaged');
  });

  it('refuses a block that does not follow', () => {
    const data = readFileSync(path);
    appendFileSync(path, data);
    expect(reopen).toThrow('does not follow');
  });
});
