import { expect, test } from 'vitest';
import { type TempoChain, tempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';
import { findRegistrations, logBlocksMax, logQuestionsMax } from './key-logs.js';

const account: Address = `0x${'a1'.repeat(20)}`;
const keyOf = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`;

interface Asked {
  readonly from: bigint;
  readonly to: bigint;
}

/** A node with registrations in some blocks, which refuses a question for more than `rangeMax` blocks. */
function node(
  newest: bigint,
  registered: ReadonlyMap<bigint, Address>,
  rangeMax = logBlocksMax,
): { readonly chain: TempoChain; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const chain = tempoChain({
    async request(method, params) {
      if (method === 'eth_getBlockByNumber') {
        return { number: `0x${newest.toString(16)}`, timestamp: '0x1', baseFeePerGas: '0x1' };
      }
      const [filter] = params;
      if (typeof filter !== 'object' || filter === null) throw new Error(method);
      const [from, to] = [BigInt(Reflect.get(filter, 'fromBlock')), BigInt(Reflect.get(filter, 'toBlock'))];
      asked.push({ from, to });
      if (to - from + 1n > rangeMax) {
        const reason = 'query exceeds max block range';
        throw new TempoRpcError('rpc_refused', reason, { rpcCode: -32602, reason });
      }
      return [...registered]
        .filter(([block]) => block >= from && block <= to)
        .map(([, key]) => ({ topics: ['0x', '0x', `0x${'0'.repeat(24)}${key.slice(2)}`] }));
    },
    close() {},
  });
  return { chain, asked };
}

test('every block is asked for once, newest first, in questions of bounded length', async () => {
  const registered = new Map([
    [0n, keyOf(1)],
    [100_000n, keyOf(2)],
    [250_000n, keyOf(3)],
  ]);
  const { chain, asked } = node(250_000n, registered);
  expect(await findRegistrations(chain, account, 0n)).toEqual({
    keyAddresses: [keyOf(3), keyOf(2), keyOf(1)],
    fromBlock: 0n,
    complete: true,
  });
  expect(asked).toEqual([
    { from: 150_001n, to: 250_000n },
    { from: 50_001n, to: 150_000n },
    { from: 0n, to: 50_000n },
  ]);
});

test('a node that refuses long ranges is asked for shorter ones, and nothing is left out', async () => {
  const registered = new Map(
    [1n, 9_999n, 10_000n, 33_333n, 99_999n].map((block) => [block, keyOf(Number(block))]),
  );
  const { chain, asked } = node(100_000n, registered, 10_000n);
  const found = await findRegistrations(chain, account, 0n);
  expect([...found.keyAddresses].sort()).toEqual([...registered.values()].sort());
  expect(found.complete).toBe(true);
  expect(asked.length).toBeLessThan(logQuestionsMax);
});

test('the search is bounded, and says that it was', async () => {
  const newest = logBlocksMax * 1_000n;
  const { chain, asked } = node(newest, new Map([[5n, keyOf(5)]]));
  const found = await findRegistrations(chain, account, 0n);
  expect(asked).toHaveLength(logQuestionsMax);
  expect(found).toEqual({
    keyAddresses: [],
    fromBlock: newest - logBlocksMax * BigInt(logQuestionsMax) + 1n,
    complete: false,
  });
});

test('it ends at the block that was asked for', async () => {
  const { chain, asked } = node(120_000n, new Map([[50n, keyOf(5)]]));
  expect(await findRegistrations(chain, account, 100_000n)).toMatchObject({
    keyAddresses: [],
    complete: true,
  });
  expect(asked).toEqual([{ from: 100_000n, to: 120_000n }]);
});

test('a node that refuses whatever the length is believed', async () => {
  const { chain, asked } = node(120_000n, new Map(), 0n);
  await expect(findRegistrations(chain, account, 0n)).rejects.toBeInstanceOf(TempoRpcError);
  expect(asked.length).toBeLessThan(12);
});
