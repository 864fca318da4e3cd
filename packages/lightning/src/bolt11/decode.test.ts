import { describe, expect, it } from 'vitest';
import { encodeBech32 } from './bech32.js';
import { decodeInvoice } from './decode.js';
import { bytesToWords } from './words.js';

const hashField = [1, 1, 20, ...bytesToWords(Buffer.alloc(32, 0xab))];

/** An invoice of these raw fields, with a signature of zeros. */
function textOf(fields: readonly number[], options: { prefix?: string; recoveryId?: number } = {}): string {
  const signature = bytesToWords(Uint8Array.of(...new Uint8Array(64), options.recoveryId ?? 0));
  return encodeBech32(
    options.prefix ?? 'lnbcrt10n',
    Uint8Array.from([...new Uint8Array(7), ...fields, ...signature]),
  );
}

function field(tag: number, ...words: number[]): number[] {
  return [tag, words.length >> 5, words.length & 31, ...words];
}

describe('decodeInvoice', () => {
  it('takes a payment hash alone and fills in the defaults', () => {
    expect(decodeInvoice(textOf(hashField))).toMatchObject({
      ok: true,
      value: {
        network: 'regtest',
        amountMsat: 1_000n,
        timestamp: 0,
        paymentHash: 'ab'.repeat(32),
        expirySeconds: 3_600,
        minFinalCltvExpiry: 18,
        features: [],
      },
    });
  });

  it.each([
    ['lnbc', 'mainnet'],
    ['lntb', 'testnet'],
    ['lntbs', 'signet'],
    ['lnbcrt', 'regtest'],
  ])('knows %s as %s', (prefix, network) => {
    const decoded = decodeInvoice(textOf(hashField, { prefix }));
    expect(decoded).toMatchObject({ ok: true, value: { network } });
    expect(decoded.ok && 'amountMsat' in decoded.value).toBe(false);
  });

  it.each([
    ['simnet', 'lnsb10n', 'network_unsupported'],
    ['another coin', 'lnltc10n', 'network_unknown'],
    ['no network', 'ln10n', 'network_unknown'],
    ['a multiplier without a number', 'lnbcm', 'network_unknown'],
    ['an offer', 'lno', 'network_unknown'],
    ['an address', 'bc', 'prefix_unknown'],
    ['an amount of nothing', 'lnbc0n', 'amount_malformed'],
    ['a leading zero', 'lnbc010n', 'amount_malformed'],
    ['two multipliers', 'lnbc10nu', 'amount_malformed'],
    ['a fraction of a millisatoshi', 'lnbc15p', 'amount_malformed'],
    ['more than all bitcoin', 'lnbc21000001', 'amount_malformed'],
  ])('refuses %s', (_, prefix, code) => {
    expect(decodeInvoice(textOf(hashField, { prefix }))).toMatchObject({ ok: false, code });
  });

  it.each([
    ['no payment hash', [], 'payment_hash_missing'],
    ['a payment hash of 51 words only', field(1, ...new Array<number>(51).fill(1)), 'payment_hash_missing'],
    ['a field without its length', [...hashField, 13, 0], 'field_truncated'],
    ['a field longer than the invoice', [...hashField, 13, 31, 31, 0], 'field_truncated'],
    ['an expiry with leading zeros', [...hashField, ...field(6, 0, 5)], 'field_not_minimal'],
    ['a cltv with leading zeros', [...hashField, ...field(24, 0, 5)], 'field_not_minimal'],
    ['features with leading zeros', [...hashField, ...field(5, 0, 16, 8, 0)], 'field_not_minimal'],
    ['an expiry of 36 bits', [...hashField, ...field(6, 1, 0, 0, 0, 0, 0, 0, 0)], 'number_too_large'],
    ['a cltv of 33 bits', [...hashField, ...field(24, 4, 0, 0, 0, 0, 0, 0)], 'number_too_large'],
    [
      'a description that is not UTF-8',
      [...hashField, ...field(13, ...bytesToWords(Uint8Array.of(0xff)))],
      'description_malformed',
    ],
    ['half a hop', [...hashField, ...field(3, ...bytesToWords(Buffer.alloc(50)))], 'route_hint_malformed'],
    ['a route hint without hops', [...hashField, ...field(3)], 'route_hint_malformed'],
  ])('refuses %s', (_, fields, code) => {
    expect(decodeInvoice(textOf(fields))).toMatchObject({ ok: false, code });
  });

  it('takes an expiry of zero, however it is written', () => {
    expect(decodeInvoice(textOf([...hashField, ...field(6, 0)]))).toMatchObject({
      value: { expirySeconds: 0 },
    });
    expect(decodeInvoice(textOf([...hashField, ...field(6)]))).toMatchObject({ value: { expirySeconds: 0 } });
  });

  it('uses the first of several and keeps the others raw', () => {
    const second = [1, 1, 20, ...bytesToWords(Buffer.alloc(32, 0xcd))];
    const fields = [
      ...hashField,
      ...second,
      ...field(6, 5),
      ...field(6, 9),
      ...field(13),
      ...field(13, 3, 3),
    ];
    expect(decodeInvoice(textOf(fields))).toMatchObject({
      ok: true,
      value: {
        paymentHash: 'ab'.repeat(32),
        expirySeconds: 5,
        description: '',
        otherFields: [
          { tag: 1, words: bytesToWords(Buffer.alloc(32, 0xcd)) },
          { tag: 6, words: Uint8Array.of(9) },
          { tag: 13, words: Uint8Array.of(3, 3) },
        ],
      },
    });
  });

  it('refuses a recovery id that is none', () => {
    expect(decodeInvoice(textOf(hashField, { recoveryId: 3 })).ok).toBe(true);
    expect(decodeInvoice(textOf(hashField, { recoveryId: 4 }))).toMatchObject({
      code: 'signature_malformed',
    });
  });

  it('refuses a text without room for timestamp and signature', () => {
    expect(decodeInvoice(encodeBech32('lnbc', new Uint8Array(110)))).toMatchObject({ code: 'too_short' });
    expect(decodeInvoice('')).toMatchObject({ ok: false, code: 'separator_missing' });
  });
});
