import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalize } from './jcs.js';
import { type JsonValue, jsonDepthMax } from './json.js';
import { fuzzRuns, jsonValue } from './testing/arbitrary.js';
import { canonicalVectors, numberRefusals, numberVectors } from './vectors/rfc.js';

function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE();
}

function nested(depth: number): JsonValue {
  let value: JsonValue = 0;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('canonicalize, RFC 8785', () => {
  it.each(numberVectors)('the number %s is %s', (bits, written) => {
    expect(canonicalize(fromBits(bits))).toBe(written);
  });

  it.each(numberRefusals)('the number %s is refused', (bits) => {
    expect(() => canonicalize(fromBits(bits))).toThrow(TypeError);
  });

  it.each(canonicalVectors)('%s', (_, input, output) => {
    expect(canonicalize(JSON.parse(input))).toBe(output);
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800', '\ud83d x'])(
    'refuses half of a surrogate pair: %j',
    (half) => {
      expect(() => canonicalize(half)).toThrow(TypeError);
      expect(() => canonicalize({ [half]: 1 })).toThrow(TypeError);
    },
  );

  it.each([
    ['undefined in an object', { a: undefined }],
    ['undefined in an array', [undefined]],
    ['a hole', new Array(1)],
    ['a bigint', { a: 1n }],
    ['a function', { a: () => 1 }],
    ['a symbol', [Symbol('a')]],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['bytes', new Uint8Array(1)],
  ])('refuses what JSON cannot carry: %s', (_, value) => {
    // The types forbid these; a caller in plain JavaScript can still send them.
    expect(() => canonicalize(value as unknown as JsonValue)).toThrow(TypeError);
  });

  it('bounds the depth, also of a value that holds itself', () => {
    expect(JSON.parse(canonicalize(nested(jsonDepthMax)))).toEqual(nested(jsonDepthMax));
    expect(() => canonicalize(nested(jsonDepthMax + 1))).toThrow(TypeError);
    const circle: JsonValue[] = [];
    circle.push(circle);
    expect(() => canonicalize(circle)).toThrow(TypeError);
  });

  it('writes a member named __proto__ like any other', () => {
    expect(canonicalize(JSON.parse('{"b":1,"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1},"b":1}');
  });
});

describe('canonicalize, properties', () => {
  it('reads back as the same value', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(JSON.parse(canonicalize(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      fuzzRuns,
    );
  });

  it('is a fixed point', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const once = canonicalize(value);
        expect(canonicalize(JSON.parse(once))).toBe(once);
      }),
      fuzzRuns,
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalize(reversed)).toBe(canonicalize({ ...object }));
      }),
      fuzzRuns,
    );
  });

  it('writes any finite double so that it reads back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(Number(canonicalize(number))).toBe(number === 0 ? 0 : number);
      }),
      fuzzRuns,
    );
  });
});
