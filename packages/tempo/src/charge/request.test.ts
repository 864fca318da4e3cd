import type { JsonObject } from '@farebox/protocol';
import { expect, test } from 'vitest';
import {
  amountMax,
  parseTempoChargeRequest,
  requestTextCharsMax,
  writeTempoChargeRequest,
} from './request.js';

/** draft-tempo-charge-00, "Split Payments", the example. */
const draftExample: JsonObject = {
  amount: '1000000',
  currency: '0x20c0000000000000000000000000000000000000',
  recipient: '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00',
  methodDetails: {
    chainId: 4217,
    feePayer: true,
    splits: [
      { amount: '50000', recipient: '0xA1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2' },
      {
        amount: '10000',
        memo: '0x00000000000000000000000000000000000000000000000000000000deadbeef',
        recipient: '0xC4D5E6F7A8B9C4D5E6F7A8B9C4D5E6F7A8B9C4D5',
      },
    ],
  },
};

function detailed(details: JsonObject): JsonObject {
  return { ...draftExample, methodDetails: { chainId: 4217, ...details } };
}

test('the example of the draft is read, addresses by their bytes', () => {
  const parsed = parseTempoChargeRequest(draftExample);
  expect(parsed).toEqual({
    ok: true,
    value: {
      amount: 1_000_000n,
      currency: '0x20c0000000000000000000000000000000000000',
      recipient: '0x742d35cc6634c0532925a3b844bc9e7595f8fe00',
      chainId: 4217,
      feePayer: true,
      splits: [
        { amount: 50_000n, recipient: '0xa1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2' },
        {
          amount: 10_000n,
          memo: '0x00000000000000000000000000000000000000000000000000000000deadbeef',
          recipient: '0xc4d5e6f7a8b9c4d5e6f7a8b9c4d5e6f7a8b9c4d5',
        },
      ],
      // Left out means both, for compatibility.
      supportedModes: ['pull', 'push'],
    },
  });
});

test('what is written is what is read', () => {
  const parsed = parseTempoChargeRequest(draftExample);
  if (!parsed.ok) throw new Error(parsed.detail);
  const charge = {
    ...parsed.value,
    description: 'One',
    externalId: 'order 7',
    supportedModes: ['pull'],
  } as const;
  expect(parseTempoChargeRequest(writeTempoChargeRequest(charge))).toEqual({ ok: true, value: charge });
});

test('Tempo’s own notation of an address is read', () => {
  const parsed = parseTempoChargeRequest({
    ...draftExample,
    recipient: 'tempox0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00',
  });
  expect(parsed).toMatchObject({
    ok: true,
    value: { recipient: '0x742d35cc6634c0532925a3b844bc9e7595f8fe00' },
  });
});

test('the chain is not guessed: where it is left out, it is left out', () => {
  const { methodDetails: _, ...bare } = draftExample;
  const parsed = parseTempoChargeRequest(bare);
  expect(parsed.ok && 'chainId' in parsed.value).toBe(false);
  expect(parsed).toMatchObject({ ok: true, value: { feePayer: false, splits: [] } });
});

test('zero is an amount, and the largest that TIP-20 counts', () => {
  for (const amount of ['0', amountMax.toString()]) {
    expect(parseTempoChargeRequest({ ...draftExample, amount, methodDetails: { chainId: 1 } }).ok).toBe(true);
  }
});

const recipient = '0xa1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2';
const refused: readonly [string, JsonObject][] = [
  ...[1, '', '-1', '+1', '01', '1.0', '1e3', ' 1', '0x10', (amountMax + 1n).toString()].map(
    (amount): [string, JsonObject] => [`amount ${amount}`, { ...draftExample, amount }],
  ),
  ['no amount', { currency: recipient, recipient }],
  ['a currency that is a name', { ...draftExample, currency: 'usd' }],
  ['a currency of 19 bytes', { ...draftExample, currency: recipient.slice(0, -2) }],
  ['no recipient', { amount: '1', currency: recipient }],
  ['a recipient with a space', { ...draftExample, recipient: ` ${recipient}` }],
  ['a long description', { ...draftExample, description: 'x'.repeat(requestTextCharsMax + 1) }],
  ['an external id that is a number', { ...draftExample, externalId: 7 }],
  ['details that are a list', { ...draftExample, methodDetails: [] }],
  ['a chain id in a string', detailed({ chainId: '4217' })],
  ['chain 0', detailed({ chainId: 0 })],
  ['half a chain', detailed({ chainId: 1.5 })],
  ['a fee payer that is a word', detailed({ feePayer: 'true' })],
  ['a memo of 31 bytes', detailed({ memo: `0x${'00'.repeat(31)}` })],
  ['no mode', detailed({ supportedModes: [] })],
  ['an unknown mode', detailed({ supportedModes: ['pull', 'smoke'] })],
  ['splits that are none', detailed({ splits: [] })],
  ['eleven splits', detailed({ splits: Array(11).fill({ amount: '1', recipient }) })],
  ['a split of nothing', detailed({ splits: [{ amount: '0', recipient }] })],
  ['a split without recipient', detailed({ splits: [{ amount: '1' }] })],
  ['a split with a short memo', detailed({ splits: [{ amount: '1', recipient, memo: '0x00' }] })],
  ['splits that leave nothing', detailed({ splits: [{ amount: '1000000', recipient }] })],
  [
    'splits that leave less than nothing together',
    detailed({ splits: Array(3).fill({ amount: '400000', recipient }) }),
  ],
];

test.each(refused)('%s is refused', (_name, object) => {
  expect(parseTempoChargeRequest(object)).toMatchObject({ ok: false, code: 'request_malformed' });
});
