import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64url } from './base64url.js';
import { canonicalize } from './jcs.js';
import { parseReceipt, type Receipt, receiptBytesMax, serializeReceipt } from './receipt.js';
import { anyString, fuzzRuns, mutated, receipt, text } from './testing/arbitrary.js';
import { goldenReceipt } from './vectors/mppx.js';

const plain: Receipt = {
  status: 'success',
  method: 'invoice',
  timestamp: '2025-01-15T12:00:00Z',
  reference: 'inv_12345',
};

function codeOf(value: unknown): string {
  const result = parseReceipt(encodeBase64url(JSON.stringify(value)));
  return result.ok ? 'ok' : result.code;
}

describe('receipts', () => {
  it('reads the example of the draft', () => {
    const wire =
      'eyJzdGF0dXMiOiJzdWNjZXNzIiwibWV0aG9kIjoiaW52b2ljZSIsInRpbWVzdGFtcCI6IjIwMjUtMDEtMTVUMTI6MDA6MDBaIiwicmVmZXJlbmNlIjoiaW52XzEyMzQ1In0';
    expect(parseReceipt(wire)).toEqual({ ok: true, value: plain });
  });

  it('reads what mppx writes, whose members are not in canonical order', () => {
    expect(parseReceipt(goldenReceipt.wire)).toEqual({ ok: true, value: goldenReceipt.receipt });
    expect(serializeReceipt(goldenReceipt.receipt)).not.toBe(goldenReceipt.wire);
  });

  it('writes the example of the lightning draft in canonical form', () => {
    const receipt: Receipt = {
      method: 'lightning',
      challengeId: 'kM9xPqWvT2nJrHsY4aDfEb',
      reference: 'bc230847',
      status: 'success',
      timestamp: '2026-03-10T21:00:00Z',
    };
    expect(Buffer.from(serializeReceipt(receipt), 'base64url').toString()).toBe(
      '{"challengeId":"kM9xPqWvT2nJrHsY4aDfEb","method":"lightning","reference":"bc230847",' +
        '"status":"success","timestamp":"2026-03-10T21:00:00Z"}',
    );
  });

  it('leaves out what is undefined', () => {
    const wire = serializeReceipt({ ...plain, memo: undefined });
    expect(wire).toBe(serializeReceipt(plain));
    expect(Buffer.from(wire, 'base64url').toString()).not.toContain('memo');
  });

  it('keeps the fields of a method that are strings, and no others', () => {
    const json = `{"__proto__":"x","deep":{"a":1},"n":1,"payer":"me",${JSON.stringify(plain).slice(1)}`;
    expect(parseReceipt(encodeBase64url(json))).toEqual({ ok: true, value: { ...plain, payer: 'me' } });
  });

  it.each([
    ['another status', { ...plain, status: 'failed' }],
    ['no status', { ...plain, status: undefined }],
    ['no method', { ...plain, method: undefined }],
    ['an empty method', { ...plain, method: '' }],
    ['no timestamp', { ...plain, timestamp: undefined }],
    ['a timestamp that is no time', { ...plain, timestamp: 'now' }],
    ['a timestamp that is a number', { ...plain, timestamp: 1736942400 }],
    ['no reference', { ...plain, reference: undefined }],
    ['an empty reference', { ...plain, reference: '' }],
  ])('refuses %s', (_, value) => {
    expect(codeOf(value)).toBe('receipt_shape');
  });

  it.each([
    ['nothing', '', 'receipt_encoding'],
    ['a blank', 'a b', 'receipt_encoding'],
    ['invalid UTF-8', '_w', 'receipt_encoding'],
    ['a text beyond the bound', 'A'.repeat(receiptBytesMax * 2), 'receipt_encoding'],
    ['an array', 'W10', 'receipt_json'],
    ['no JSON', 'bm90IGpzb24', 'receipt_json'],
    ['an empty object', 'e30', 'receipt_shape'],
  ])('refuses %s', (_, wire, code) => {
    expect(parseReceipt(wire)).toMatchObject({ ok: false, code });
  });

  it('come back', () => {
    fc.assert(
      fc.property(receipt, (value) => {
        expect(parseReceipt(serializeReceipt(value))).toEqual({ ok: true, value });
      }),
      fuzzRuns,
    );
  });

  it('are canonical JSON, whatever their texts hold and whatever order they are in', () => {
    const member = fc.oneof(text, fc.stringMatching(/^[\x20-\x7e]{0,40}$/));
    const texts = { method: member, timestamp: member, reference: member, challengeId: member };
    const core = fc.record({ status: fc.constant('success' as const), ...texts });
    const more = fc.dictionary(fc.constantFrom('payer', 'memo', 'a', 'z'), member, { maxKeys: 2 });
    fc.assert(
      fc.property(core, fc.oneof(fc.constant({}), more), fc.boolean(), (members, own, last) => {
        const value = last ? { ...members, ...own } : { ...own, ...members };
        expect(serializeReceipt(value)).toBe(encodeBase64url(canonicalize(value)));
        const { challengeId, ...without } = value;
        expect(challengeId).toBeDefined();
        expect(serializeReceipt(without)).toBe(encodeBase64url(canonicalize(without)));
        expect(serializeReceipt({ ...without, memo: 'x' })).toBe(
          encodeBase64url(canonicalize({ ...without, memo: 'x' })),
        );
      }),
      fuzzRuns,
    );
  });

  it('are not written with half of a surrogate pair', () => {
    for (const part of ['method', 'timestamp', 'reference', 'challengeId'])
      expect(() => serializeReceipt({ ...plain, challengeId: 'a1', [part]: 'a\ud800' })).toThrow(TypeError);
  });

  it('never throws', () => {
    const json = fc.oneof(fc.json(), mutated(receipt.map((value) => JSON.stringify(value))));
    const encoded = json.map((value) => Buffer.from(value).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(anyString, encoded, mutated(receipt.map(serializeReceipt))), (wire) => {
        const result = parseReceipt(wire);
        if (result.ok) expect(parseReceipt(serializeReceipt(result.value))).toEqual(result);
        else expect(result.code).toMatch(/^receipt_(encoding|json|shape)$/);
      }),
      fuzzRuns,
    );
  });
});
