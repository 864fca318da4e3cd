import { afterAll, beforeAll, expect, test } from 'vitest';
import { findAnvil, startTempoDevnet, type TempoDevnet, TempoDevnetError } from './index.js';

let chain: TempoDevnet;
beforeAll(async () => {
  chain = await startTempoDevnet();
});
afterAll(() => chain.close());

const stranger = '0x00000000000000000000000000000000000000aa';

test('it is a Tempo chain of the number asked for, with funded accounts', async () => {
  expect(await chain.rpc('eth_chainId')).toBe('0x1079');
  expect(await chain.rpc('eth_getCode', ['0xaAAAaaAA00000000000000000000000000000000', 'latest'])).toBe(
    '0xef',
  );
  for (const token of Object.values(chain.tokens)) {
    expect(await chain.balance(chain.accounts[0]?.address ?? '', token)).toBe(2n ** 64n - 1n);
  }
});

test('it funds an address in any token', async () => {
  await chain.fund(stranger, 1_234n);
  await chain.fund(stranger, 5n, chain.tokens.alphaUsd);
  expect(await chain.balance(stranger)).toBe(1_234n);
  expect(await chain.balance(stranger, chain.tokens.alphaUsd)).toBe(5n);
});

test('a transaction that cannot be mined is refused with the reason, at once', async () => {
  // Type 0x76, unsigned and empty: the program cannot even decode it.
  await expect(chain.rpc('eth_sendRawTransactionSync', ['0x76c0', 1_000])).rejects.toThrow(TempoDevnetError);
});

test('its clock can be put forward', async () => {
  const before = await chain.blockTime();
  await chain.increaseTime(3_600);
  expect(await chain.blockTime()).toBeGreaterThanOrEqual(before + 3_600);
});

test('while it is stopped nothing answers; after a restart it goes on where it was, at the same address', async () => {
  const own = await startTempoDevnet({ chainId: 1337 });
  try {
    const { url } = own;
    await own.fund(stranger, 77n);
    await own.stop();
    await expect(own.rpc('eth_chainId')).rejects.toMatchObject({ code: 'stopped' });
    await expect(fetch(url, { method: 'POST', body: '{}' })).rejects.toThrow();
    await own.restart();
    expect(own.url).toBe(url);
    expect(await own.balance(stranger)).toBe(77n);
    expect(await own.rpc('eth_chainId')).toBe('0x539');
  } finally {
    await own.close();
  }
});

test('a batch is answered in its order; what is no call is refused', async () => {
  const response = await fetch(chain.url, {
    method: 'POST',
    body: JSON.stringify([{ jsonrpc: '2.0', id: 7, method: 'eth_chainId' }, 5]),
  });
  expect(await response.json()).toEqual([
    { jsonrpc: '2.0', id: 7, result: '0x1079' },
    { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid request' } },
  ]);
});

test('a platform without the program is told in one sentence', () => {
  expect(() => findAnvil('sunos-sparc')).toThrow(
    /does not run on sunos-sparc.*use a Tempo node of your own$/,
  );
  const other = process.platform === 'win32' ? 'linux-arm64' : 'win32-x64';
  expect(() => findAnvil(other)).toThrow(/needs an optional package of .* anvil for .* run npm install/);
});
