import type { JsonObject } from '@farebox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChargeRequest, parseChargeRequest, writeChargeRequest } from './request.js';

const methodDetails = { invoice: 'lnbc100n1…', paymentHash: 'bc'.repeat(32), network: 'mainnet' } as const;
const example = {
  amount: '100',
  currency: 'sat',
  description: 'Weather report for 94107',
  methodDetails,
} as const;

describe('parseChargeRequest', () => {
  it('reads the example of the draft', () => {
    expect(parseChargeRequest(example)).toEqual({
      ok: true,
      value: { amountSat: 100n, description: 'Weather report for 94107', ...methodDetails },
    });
  });

  it('needs amount, currency and invoice, and ignores what it does not know', () => {
    const least = { amount: '1', currency: 'sat', methodDetails: { invoice: 'ln', extra: 1 }, splits: [] };
    expect(parseChargeRequest(least)).toEqual({ ok: true, value: { amountSat: 1n, invoice: 'ln' } });
  });

  it.each<[string, JsonObject, string]>([
    ['an empty object', {}, 'request_malformed'],
    ['another currency', { ...example, currency: 'usd' }, 'currency_unsupported'],
    ['a currency in capitals', { ...example, currency: 'SAT' }, 'currency_unsupported'],
    ['bitcoin', { ...example, currency: 'BTC' }, 'currency_unsupported'],
    ['a number as currency', { ...example, currency: 1 }, 'request_malformed'],
    ['a number as amount', { ...example, amount: 100 }, 'request_malformed'],
    ['nothing as amount', { ...example, amount: '0' }, 'request_malformed'],
    ['a negative amount', { ...example, amount: '-1' }, 'request_malformed'],
    ['a fraction', { ...example, amount: '1.5' }, 'request_malformed'],
    ['a leading zero', { ...example, amount: '0100' }, 'request_malformed'],
    ['an exponent', { ...example, amount: '1e2' }, 'request_malformed'],
    ['a hexadecimal amount', { ...example, amount: '0x10' }, 'request_malformed'],
    ['more than all bitcoin', { ...example, amount: '2100000000000001' }, 'request_malformed'],
    ['an endless amount', { ...example, amount: '9'.repeat(10_000) }, 'request_malformed'],
    ['no method details', { amount: '1', currency: 'sat' }, 'request_malformed'],
    ['a list of method details', { ...example, methodDetails: [] }, 'request_malformed'],
    ['null as method details', { ...example, methodDetails: null }, 'request_malformed'],
    ['no invoice', { ...example, methodDetails: {} }, 'request_malformed'],
    ['an empty invoice', { ...example, methodDetails: { invoice: '' } }, 'request_malformed'],
    [
      'an endless invoice',
      { ...example, methodDetails: { invoice: 'l'.repeat(7_090) } },
      'request_malformed',
    ],
    [
      'a hash in capitals',
      { ...example, methodDetails: { ...methodDetails, paymentHash: 'BC'.repeat(32) } },
      'request_malformed',
    ],
    [
      'null as hash',
      { ...example, methodDetails: { ...methodDetails, paymentHash: null } },
      'request_malformed',
    ],
    [
      'testnet',
      { ...example, methodDetails: { ...methodDetails, network: 'testnet' } },
      'network_unsupported',
    ],
    [
      'null as network',
      { ...example, methodDetails: { ...methodDetails, network: null } },
      'network_unsupported',
    ],
    ['a number as description', { ...example, description: 1 }, 'request_malformed'],
    ['an endless description', { ...example, description: 'x'.repeat(2_049) }, 'request_malformed'],
    ['a list as externalId', { ...example, externalId: [] }, 'request_malformed'],
    ['null as recipient', { ...example, recipient: null }, 'request_malformed'],
  ])('refuses %s', (_, request, code) =>
    expect(parseChargeRequest(request)).toMatchObject({ ok: false, code }),
  );

  it('never throws, whatever the JSON', () => {
    const text = fc.constantFrom('sat', '1', 'ln', 'mainnet', 'ab'.repeat(32));
    const value = fc.oneof(text, fc.jsonValue());
    const names = fc.constantFrom(
      'amount',
      'currency',
      'description',
      'methodDetails',
      'recipient',
      '__proto__',
    );
    const details = fc.dictionary(fc.constantFrom('invoice', 'paymentHash', 'network'), value);
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(value, details)), (object) => {
        // Any JSON object is a JsonObject; the generator's own type only says "unknown".
        expect(typeof parseChargeRequest(JSON.parse(JSON.stringify(object)) as JsonObject).ok).toBe(
          'boolean',
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('writeChargeRequest', () => {
  it('writes what is read back', () => {
    const text = fc.string({ maxLength: 50 });
    const charges: fc.Arbitrary<ChargeRequest> = fc.record(
      {
        amountSat: fc.bigInt(1n, 2_100_000_000_000_000n),
        invoice: fc.string({ minLength: 1, maxLength: 100 }),
        description: text,
        recipient: text,
        externalId: text,
        paymentHash: fc.constant('0f'.repeat(32)),
        network: fc.constantFrom('mainnet', 'signet', 'regtest'),
      },
      { requiredKeys: ['amountSat', 'invoice'] },
    );
    fc.assert(
      fc.property(charges, (charge) => {
        expect(parseChargeRequest(writeChargeRequest(charge))).toEqual({ ok: true, value: charge });
      }),
    );
  });
});
