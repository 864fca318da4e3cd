import { type Challenge, encodeRequest, type JsonObject } from '@farebox/protocol';
import { expect, test } from 'vitest';
import { type ChargeRules, chargeLifeMsMax, inspectTempoCharge } from './inspect.js';
import { readTransfer } from './inspect-calldata.js';
import { attributionMemo } from './memo.js';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const token = '0x20c0000000000000000000000000000000000000';
const merchant = '0x742d35cc6634c0532925a3b844bc9e7595f8fe00';
const platform = '0xa1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2';

const rules: ChargeRules = { chainId: 4217, currencies: [token], push: false };

function challengeFor(request: JsonObject, more: Partial<Challenge> = {}): Challenge {
  return {
    id: 'kM9xPqWvT2nJrHsY4aDfEb',
    realm: 'https://api.example.com',
    method: 'tempo',
    intent: 'charge',
    request: encodeRequest(request),
    expires: '2026-11-21T12:05:00Z',
    ...more,
  };
}

/** The draft's own example request. */
function request(more: JsonObject = {}, details: JsonObject = {}): JsonObject {
  return {
    amount: '1000000',
    currency: token,
    recipient: '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00',
    methodDetails: { chainId: 4217, supportedModes: ['pull'], ...details },
    ...more,
  };
}

function inspect(challenge: Challenge, given: ChargeRules = rules) {
  return inspectTempoCharge(challenge, given, nowMs);
}

test('it says what will be signed: token, price, payee, chain, realm, expiry', () => {
  const challenge = challengeFor(request({ description: 'one name' }));
  const inspected = inspect(challenge);
  if (!inspected.ok) throw new Error(inspected.detail);
  const { inspection, calls } = inspected.value;
  const memo = attributionMemo({ realm: challenge.realm, challengeId: challenge.id });
  expect(inspection).toEqual({
    price: { amount: 1_000_000n, currency: token },
    payee: merchant,
    reference: memo,
    network: 'eip155:4217',
    expiresMs: Date.parse('2026-11-21T12:05:00Z'),
    description: 'one name',
    chainId: 4217,
    realm: 'https://api.example.com',
    mode: 'pull',
    sponsored: false,
    payees: [{ payee: merchant, amount: { amount: 1_000_000n, currency: token } }],
  });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.to).toBe(token);
  expect(readTransfer(calls[0]?.data ?? '0x')).toEqual({ recipient: merchant, amount: 1_000_000n, memo });
});

test('splits: the payee gets the rest, the price is the sum of all calls', () => {
  const splits = [
    { amount: '50000', recipient: '0xA1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2' },
    { amount: '10000', recipient: platform, memo: `0x${'00'.repeat(28)}deadbeef` },
  ];
  const inspected = inspect(challengeFor(request({}, { splits })));
  if (!inspected.ok) throw new Error(inspected.detail);
  expect(inspected.value.inspection.price.amount).toBe(1_000_000n);
  expect(inspected.value.inspection.payees).toEqual([
    { payee: merchant, amount: { amount: 940_000n, currency: token } },
    { payee: platform, amount: { amount: 50_000n, currency: token } },
    { payee: platform, amount: { amount: 10_000n, currency: token } },
  ]);
  expect(inspected.value.calls.map(({ data }) => readTransfer(data)?.memo?.slice(-8))).toEqual([
    attributionMemo({ realm: 'https://api.example.com', challengeId: 'kM9xPqWvT2nJrHsY4aDfEb' }).slice(-8),
    undefined,
    'deadbeef',
  ]);
});

test('two challenges, or the same id in two realms, have two references', () => {
  const of = (more: Partial<Challenge>) => {
    const inspected = inspect(challengeFor(request(), more));
    return inspected.ok ? inspected.value.inspection.reference : '';
  };
  expect(new Set([of({}), of({ id: 'another' }), of({ realm: 'https://other.example' })]).size).toBe(3);
});

test('a charge of zero is a proof, named by its challenge, and pays nobody', () => {
  const inspected = inspect(challengeFor(request({ amount: '0' }, { supportedModes: ['push'] })));
  if (!inspected.ok) throw new Error(inspected.detail);
  expect(inspected.value.calls).toEqual([]);
  expect(inspected.value.inspection).toMatchObject({
    mode: 'proof',
    price: { amount: 0n, currency: token },
    reference: 'kM9xPqWvT2nJrHsY4aDfEb',
    payees: [],
  });
});

test('how it is paid: the seller broadcasts wherever it can; by ourselves only when told to', () => {
  const mode = (details: JsonObject, push = false) => {
    const inspected = inspect(challengeFor(request({}, details)), { ...rules, push });
    return inspected.ok ? inspected.value.inspection.mode : inspected.code;
  };
  expect(mode({ supportedModes: ['pull', 'push'] }, true)).toBe('pull');
  expect(mode({ supportedModes: ['push'] }, true)).toBe('push');
  expect(mode({ supportedModes: ['push'] })).toBe('mode_unsupported');
  expect(mode({ supportedModes: ['push'], feePayer: true }, true)).toBe('mode_unsupported');
});

test('the wallet’s own list of recipients covers the splits', () => {
  const allowed = { ...rules, recipients: [merchant] } as const;
  expect(inspect(challengeFor(request()), allowed).ok).toBe(true);
  const splits = [{ amount: '1', recipient: platform }];
  expect(inspect(challengeFor(request({}, { splits })), allowed)).toMatchObject({
    code: 'recipient_not_allowed',
  });
  expect(inspect(challengeFor(request({ recipient: platform })), allowed)).toMatchObject({
    code: 'recipient_not_allowed',
  });
});

const tooLong = new Date(nowMs + chargeLifeMsMax + 1_000).toISOString();
const bound = attributionMemo({ realm: 'https://api.example.com', challengeId: 'kM9xPqWvT2nJrHsY4aDfEb' });
const unbound = attributionMemo({ realm: 'https://api.example.com', challengeId: 'another' });

test.each([
  ['another method', challengeFor(request(), { method: 'lightning' }), 'method_mismatch'],
  ['another intent', challengeFor(request(), { intent: 'session' }), 'method_mismatch'],
  ['a request that is none', challengeFor(request(), { request: '!' }), 'request_malformed'],
  ['no chain', challengeFor(request({ methodDetails: { supportedModes: ['pull'] } })), 'chain_missing'],
  ['another chain', challengeFor(request({}, { chainId: 42431 })), 'chain_mismatch'],
  [
    'another token',
    challengeFor(request({ currency: '0x20c0000000000000000000000000000000000001' })),
    'currency_not_allowed',
  ],
  ['a currency that is no token', challengeFor(request({ currency: 'usd' })), 'request_malformed'],
  ['a negative amount', challengeFor(request({ amount: '-1' })), 'request_malformed'],
  ['an amount in hex', challengeFor(request({ amount: '0x10' })), 'request_malformed'],
  ['an amount with a point', challengeFor(request({ amount: '1.5' })), 'request_malformed'],
  [
    'more than the token can count',
    challengeFor(request({ amount: (2n ** 128n).toString() })),
    'request_malformed',
  ],
  [
    'splits that take everything',
    challengeFor(request({}, { splits: [{ amount: '1000000', recipient: platform }] })),
    'request_malformed',
  ],
  [
    'a split of nothing',
    challengeFor(request({}, { splits: [{ amount: '0', recipient: platform }] })),
    'request_malformed',
  ],
  [
    'eleven splits',
    challengeFor(request({}, { splits: Array(11).fill({ amount: '1', recipient: platform }) })),
    'request_malformed',
  ],
  ['no way to pay', challengeFor(request({}, { supportedModes: [] })), 'request_malformed'],
  ['a memo that names another challenge', challengeFor(request({}, { memo: unbound })), 'memo_unbound'],
  ['an expired challenge', challengeFor(request(), { expires: '2026-11-21T11:59:59Z' }), 'challenge_expired'],
  ['an expiry that is no date', challengeFor(request(), { expires: 'soon' }), 'challenge_malformed'],
  ['a challenge that lives too long', challengeFor(request(), { expires: tooLong }), 'challenge_too_long'],
])('%s is refused', (_, challenge, code) => {
  expect(inspect(challenge)).toMatchObject({ ok: false, code });
});

// TIP-20, InvalidRecipient: the transfer would be taken back, and only the fee would go.
test.each([
  ['the token itself', token],
  ['another token', `0x20c0${'0'.repeat(20)}00000000000000ff`],
  ['nobody', `0x${'00'.repeat(20)}`],
])('%s cannot be paid, nor given a share', (_, recipient) => {
  const splits = [{ amount: '1', recipient }];
  for (const asked of [request({ recipient }), request({}, { splits })])
    expect(inspect(challengeFor(asked))).toMatchObject({ ok: false, code: 'recipient_impossible' });
});

test('an account that only looks like a token can be paid', () => {
  const recipient = `0x20c0${'0'.repeat(19)}1${'0'.repeat(16)}`;
  expect(inspect(challengeFor(request({ recipient })))).toMatchObject({ ok: true });
});

test('a challenge without expiry is refused; a memo that names this challenge is taken', () => {
  const { expires: _, ...endless } = challengeFor(request());
  expect(inspect(endless)).toMatchObject({ ok: false, code: 'challenge_without_expiry' });
  expect(inspect(challengeFor(request({}, { memo: bound })))).toMatchObject({
    ok: true,
    value: { memo: bound },
  });
});

test('calldata with anything before, after or missing is no transfer', () => {
  const inspected = inspect(challengeFor(request()));
  if (!inspected.ok) throw new Error(inspected.detail);
  const data = inspected.value.calls[0]?.data ?? '0x';
  expect(readTransfer(data)).toBeDefined();
  expect(readTransfer(`${data}00`)).toBeUndefined();
  expect(readTransfer(`0x${data.slice(2, -2)}`)).toBeUndefined();
  expect(readTransfer(`0xffffffff${data.slice(10)}`)).toBeUndefined();
  // An address with dirt above its 20 bytes.
  expect(readTransfer(`0x${data.slice(2, 10)}01${data.slice(12)}`)).toBeUndefined();
});
