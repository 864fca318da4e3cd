import { keccak256 } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { httpRpc } from '../chain/http-rpc.js';
import type { TempoRpc } from '../chain/rpc.js';
import { feePayerFromKey } from '../sponsor/fee-payer.js';
import {
  alphaUsd,
  codeOf,
  freshAddress,
  openShop,
  type Payer,
  pathUsd,
  paymentOf,
  type Shop,
  type Sold,
  sign,
  transferData,
  transferWithMemoData,
} from '../testing/shop.js';

const price = 10_000n;
let shop: Shop;
let payer: Payer;

beforeAll(async () => {
  shop = await openShop({ push: true });
  payer = await shop.payer();
});
afterAll(async () => {
  shop.rpc.close();
  await shop.devnet.close();
});

/** Sends a transaction as a client would, past the seller; its name. */
async function send(signed: Hex): Promise<Hex> {
  await shop.devnet.rpc('eth_sendRawTransactionSync', [signed]);
  return keccak256(signed);
}
const present = (sold: Sold, hash: string, source?: string) =>
  shop.verify(sold, { type: 'hash', hash }, source === undefined ? {} : { source });

test('where it is wanted it is advertised, and a paid hash is settled', async () => {
  const sold = await shop.sell(price);
  expect(sold.request.supportedModes).toEqual(['pull', 'push']);
  const hash = await send(await sign(payer, sold));
  const source = `did:pkh:eip155:4217:${payer.account.address}`;
  shop.rpc.methods.length = 0;
  const verification = await present(sold, hash.toUpperCase().replace('0X', '0x'), source);
  expect(verification).toEqual({
    ok: true,
    settlement: { reference: hash, paid: { amount: price, currency: pathUsd }, payer: source },
  });
  expect(shop.rpc.methods).toHaveLength(2);
  expect(await present(sold, hash)).toEqual(verification);
});

test('the signed transaction is taken as well, and gives the same settlement as its hash', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  const pulled = await shop.present(sold, signed);
  expect(codeOf(pulled)).toBe('ok');
  expect(await present(sold, keccak256(signed))).toEqual(pulled);
});

interface Cheat {
  readonly name: string;
  readonly code: string;
  hash(sold: Sold): Promise<string> | string;
}

const cheats: readonly Cheat[] = [
  {
    name: 'a public transfer of the right size, without memo',
    code: 'payment-not-shown',
    hash: async (sold) =>
      send(await sign(payer, sold, { calls: [{ to: pathUsd, data: transferData(shop.merchant, price) }] })),
  },
  {
    name: 'the payment for another challenge',
    code: 'payment-not-shown',
    hash: async () => send(await sign(payer, await shop.sell(price))),
  },
  {
    name: 'the right memo on another token',
    code: 'payment-not-shown',
    hash: async (sold) => {
      await shop.devnet.fund(payer.account.address, 1_000_000n, alphaUsd);
      return send(await sign(payer, sold, { calls: sold.calls.map((call) => ({ ...call, to: alphaUsd })) }));
    },
  },
  {
    name: 'the right memo for one unit less',
    code: 'payment-not-shown',
    hash: async (sold) =>
      send(
        await sign(payer, sold, {
          calls: [{ to: pathUsd, data: transferWithMemoData(shop.merchant, price - 1n, sold.memo) }],
        }),
      ),
  },
  {
    name: 'the right memo to somebody else',
    code: 'payment-not-shown',
    hash: async (sold) =>
      send(
        await sign(payer, sold, {
          calls: [{ to: pathUsd, data: transferWithMemoData(freshAddress(), price, sold.memo) }],
        }),
      ),
  },
  {
    name: 'the amount in two halves, each with the memo',
    code: 'payment-not-shown',
    hash: async (sold) => {
      const half = { to: pathUsd, data: transferWithMemoData(shop.merchant, price / 2n, sold.memo) };
      return send(await sign(payer, sold, { calls: [half, half] }));
    },
  },
  {
    name: 'the amount without memo, and one unit with it',
    code: 'payment-not-shown',
    hash: async (sold) =>
      send(
        await sign(payer, sold, {
          calls: [
            { to: pathUsd, data: transferData(shop.merchant, price) },
            { to: pathUsd, data: transferWithMemoData(shop.merchant, 1n, sold.memo) },
          ],
        }),
      ),
  },
  {
    name: 'a transaction that reverted',
    code: 'reverted',
    hash: async (sold) => {
      const poor = await shop.payer(0n);
      await shop.devnet.fund(poor.account.address, 5_000_000n, alphaUsd);
      return send(await sign(poor, sold, { feeToken: alphaUsd }));
    },
  },
  { name: 'no hash', code: 'payload-malformed', hash: () => '0x1234' },
];

test.each(cheats)('$name: $code', async ({ hash, code }) => {
  const sold = await shop.sell(price);
  const claimed = await hash(sold);
  shop.rpc.methods.length = 0;
  expect(codeOf(await present(sold, claimed))).toBe(code);
  expect(shop.rpc.methods.length).toBeLessThanOrEqual(2);
});

const nothing = `0x${'ab'.repeat(32)}`;

test('a hash that no block has yet is not refused while its challenge lives, and is looked for a few times only', async () => {
  const patient = await openShop({ devnet: shop.devnet, push: true, patience: {} });
  const sold = await patient.sell(price);
  patient.rpc.methods.length = 0;
  await expect(patient.verify(sold, { type: 'hash', hash: nothing })).rejects.toThrow(
    /present the same credential again, do not pay again/,
  );
  expect(patient.rpc.methods.length).toBeLessThanOrEqual(6);
});

test('after the end of its challenge, as the gate judges it, a hash of nothing is refused', async () => {
  const sold = await shop.sell(price);
  const nowMs = Date.parse(sold.challenge.expires ?? '') - 1;
  expect(codeOf(await shop.verify(sold, { type: 'hash', hash: nothing }, { nowMs }))).toBe('not-mined');
});

test('a node that lags behind the one which mined it: looked for until it is there', async () => {
  const rpc = httpRpc({ url: shop.devnet.url });
  let blind = 2;
  const lagging: TempoRpc = {
    request: (method, params, timeoutMs) =>
      method === 'eth_getTransactionReceipt' && blind-- > 0
        ? Promise.resolve(null)
        : rpc.request(method, params, timeoutMs),
    close: () => rpc.close(),
  };
  const late = await openShop({ devnet: shop.devnet, push: true, rpc: lagging });
  const sold = await late.sell(price);
  const hash = await send(await sign(payer, sold));
  expect(codeOf(await late.verify(sold, { type: 'hash', hash }))).toBe('ok');
  expect(blind).toBe(-1);
  late.rpc.close();
});

test('somebody else’s payment under one’s own name', async () => {
  const sold = await shop.sell(price);
  const hash = await send(await sign(payer, sold));
  const mine = `did:pkh:eip155:4217:${freshAddress()}`;
  expect(codeOf(await present(sold, hash, mine))).toBe('source-mismatch');
  expect(
    codeOf(await present(sold, hash, 'did:pkh:eip155:1:0x00000000000000000000000000000000000000aa')),
  ).toBe('source-mismatch');
});

test('a hash is refused where it was not offered, although it was paid, and the node is not even asked', async () => {
  const strict = await openShop({ devnet: shop.devnet, tokens: { [pathUsd]: { recipient: shop.merchant } } });
  const sold = await strict.sell(price);
  expect(sold.request.supportedModes).toEqual(['pull']);
  const hash = await send(await sign(payer, sold));
  strict.rpc.methods.length = 0;
  expect(codeOf(await strict.verify(sold, { type: 'hash', hash }))).toBe('mode-not-supported');
  expect(strict.rpc.methods).toEqual([]);
});

test('a hash is never taken where the seller pays the fee, also with push allowed', async () => {
  const [sponsor] = shop.devnet.accounts;
  if (sponsor === undefined) throw new Error('no account');
  const generous = await openShop({
    devnet: shop.devnet,
    push: true,
    tokens: { [pathUsd]: { recipient: shop.merchant, sponsored: true } },
    sponsor: {
      feePayer: feePayerFromKey(sponsor.privateKey),
      feeToken: pathUsd,
      budget: { amount: 1_000_000n, windowMs: 60_000 },
    },
  });
  const sold = await generous.sell(price);
  expect(sold.request).toMatchObject({ feePayer: true, supportedModes: ['pull'] });
  const { feePayer: _, ...paidByMyself } = paymentOf(sold);
  const hash = await send(await payer.account.signTransaction({ ...paidByMyself, feeToken: pathUsd }));
  expect(codeOf(await generous.verify(sold, { type: 'hash', hash }))).toBe('mode-not-supported');
});
