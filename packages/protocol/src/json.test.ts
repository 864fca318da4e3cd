import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, jsonDepthMax, parseJsonObject } from './json.js';
import { anyString, fuzzRuns, jsonObject, mutated } from './testing/arbitrary.js';

describe('parseJsonObject', () => {
  it.each(['null', 'true', '1', '"a"', '[]', '', ' ', '{', '{"a":1}x', "{'a':1}", '\ufeff{}', 'undefined'])(
    'refuses %j',
    (input) => {
      expect(parseJsonObject(input)).toBeUndefined();
    },
  );

  it('drops __proto__ at every level, in any spelling, and reaches no prototype', () => {
    const object = parseJsonObject(
      '{"__proto__":{"a":1},"b":{"\\u005f_proto__":{"polluted":1},"c":[{"__proto__":[]}]},"constructor":{"prototype":1}}',
    );
    expect(JSON.stringify(object)).toBe('{"b":{"c":[{}]},"constructor":{"prototype":1}}');
    expect(Object.assign({}, object?.b)).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
  });

  it('bounds the depth', () => {
    const open = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(parseJsonObject(open(jsonDepthMax))).toBeDefined();
    expect(parseJsonObject(open(jsonDepthMax + 1))).toBeUndefined();
    expect(parseJsonObject(open(6000))).toBeUndefined();
    expect(parseJsonObject(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`)).toBeUndefined();
  });

  it.each(['1e999', '-1e400', '1.5E+0999', `1${'0'.repeat(400)}`, '0.1e310', `${'9'.repeat(310)}.5`])(
    'refuses a number that could never be written again: %s',
    (number) => {
      expect(parseJsonObject(`{"a":${number}}`)).toBeUndefined();
      expect(parseJsonObject(`{"a":[1, ${number}]}`)).toBeUndefined();
      expect(parseJsonObject(`{"a":{"b": ${number} }}`)).toBeUndefined();
    },
  );

  it.each(['1e308', '1e-999', '1.7976931348623157e+308'])('takes %s', (number) => {
    expect(parseJsonObject(`{"a":${number},"b":"${number}","c":":1e999"}`)).toEqual({
      a: Number(number),
      b: number,
      c: ':1e999',
    });
  });

  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(jsonObject, (object) => {
        const json = JSON.stringify(object, (key, value) => (key === '__proto__' ? undefined : value));
        expect(parseJsonObject(json)).toEqual(JSON.parse(json));
      }),
      fuzzRuns,
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyString, mutated(jsonObject.map((object) => JSON.stringify(object)))),
        (input) => {
          const object = parseJsonObject(input);
          expect(object === undefined || isJsonObject(object)).toBe(true);
        },
      ),
      fuzzRuns,
    );
  });
});
