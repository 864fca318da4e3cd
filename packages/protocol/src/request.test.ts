import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeRequest, requestBytesMax } from './request.js';
import { anyString, fuzzRuns, jsonObject, mutated } from './testing/arbitrary.js';
import { goldenVectors } from './vectors/mppx.js';

describe('encodeRequest, decodeRequest', () => {
  it.each(goldenVectors)('agrees with mppx: $name', ({ requestObject, request }) => {
    expect(encodeRequest(requestObject)).toBe(request);
    expect(decodeRequest(request)).toEqual(requestObject);
  });

  it('reads the example of the draft, which has USD in capitals', () => {
    const wire = 'eyJhbW91bnQiOiIxMDAwIiwiY3VycmVuY3kiOiJVU0QiLCJyZWNpcGllbnQiOiJhY2N0XzEyMyJ9';
    expect(decodeRequest(wire)).toEqual({ amount: '1000', currency: 'USD', recipient: 'acct_123' });
  });

  it('reads JSON that is not canonical, with and without padding', () => {
    expect(decodeRequest('eyAiYiI6MSwgImEiOjIgfQ')).toEqual({ a: 2, b: 1 });
    expect(decodeRequest('eyAiYiI6MSwgImEiOjIgfQ==')).toEqual({ a: 2, b: 1 });
  });

  it.each(['', 'bm90IGpzb24', 'W10', 'bnVsbA', 'not-valid!!!', '_w'])('refuses %j', (wire) => {
    expect(decodeRequest(wire)).toBeUndefined();
  });

  it('bounds the size', () => {
    const ofBytes = (bytes: number) => encodeRequest({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
    expect(decodeRequest(ofBytes(requestBytesMax))).toBeDefined();
    expect(decodeRequest(ofBytes(requestBytesMax + 1))).toBeUndefined();
  });

  it('comes back', () => {
    fc.assert(
      fc.property(jsonObject, (object) => {
        const wire = encodeRequest(object);
        const decoded = decodeRequest(wire);
        expect(decoded).toBeDefined();
        if (decoded !== undefined && !JSON.stringify(object).includes('__proto__')) {
          expect(encodeRequest(decoded)).toBe(wire);
        }
      }),
      fuzzRuns,
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(anyString, mutated(jsonObject.map(encodeRequest))), (wire) => {
        const object = decodeRequest(wire);
        expect(object === undefined || typeof object === 'object').toBe(true);
      }),
      fuzzRuns,
    );
  });
});
