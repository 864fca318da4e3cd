import { Unpriced } from '@farebox/gate';
import { describe, expect, it } from 'vitest';
import { jsonLevelsMax, jsonValuesMax, readJsonBody } from './json-body.js';

const read = (text: string): unknown => readJsonBody(Buffer.from(text));
/** What is refused, and that it was for its shape: these texts are JSON. */
function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Unpriced) return error.message;
    throw error;
  }
  return 'read';
}
const nested = (levels: number, open: string, close: string): string =>
  `${open.repeat(levels)}1${close.repeat(levels)}`;

describe('a body that a price depends on', () => {
  it('is nested so deep and no deeper', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      expect(refusal(nested(jsonLevelsMax, open, close))).toBe('read');
      expect(refusal(nested(jsonLevelsMax + 1, open, close))).toMatch(/nested deeper than 32 levels/);
    }
    expect(refusal(`[${'[],'.repeat(100)}[]]`)).toBe('read');
  });

  it('has so many values and no more', () => {
    const items = (count: number) => `[${Array.from({ length: count }, () => '1').join(',')}]`;
    expect(refusal(items(jsonValuesMax))).toBe('read');
    expect(refusal(items(jsonValuesMax + 1))).toMatch(/more than 40000 values/);
    const members = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i])));
    // One for the member and one for the comma behind it.
    expect(refusal(members(jsonValuesMax / 2))).toBe('read');
    expect(refusal(members(jsonValuesMax / 2 + 1))).toMatch(/more than 40000 values/);
    const chain = Array.from({ length: jsonValuesMax }, (_, i) => `"m${i}":`).join('');
    expect(refusal(`{${chain}1}`)).toMatch(/more than 40000 values/);
    expect(refusal(`[${'{},'.repeat(jsonValuesMax / 2)}1]`)).toMatch(/more than 40000 values/);
  });

  it('is refused for these before it is parsed: what is no JSON further on makes no difference', () => {
    expect(refusal('['.repeat(524_000))).toMatch(/nested deeper/);
    expect(refusal('{"a":'.repeat(170_000))).toMatch(/nested deeper/);
    for (const item of ['{},', '1,', '"a",', '"a":1,'])
      expect(refusal(`[${item.repeat(100_000)}`), item).toMatch(/more than 40000 values/);
  });

  it('may have brackets, quotes and colons in its texts', () => {
    const value = {
      a: '['.repeat(1_000),
      'b{': '"{":',
      c: ['"', '\\', '\\"', '{"a":1,"a":2}'],
      '': { '': 0 },
    };
    expect(read(JSON.stringify(value))).toEqual(value);
    expect(read(' { "a" \t\r\n: 1 , "b" : [ "a" , "a" ] } ')).toEqual({ a: 1, b: ['a', 'a'] });
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":[],"x":{},"a":[]}}]',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])('names no member twice: %s', (text) => {
    expect(refusal(text)).toMatch(/a member twice/);
  });

  it.each(['{"a', '{"a\\', '"a\\"', '{"\\x":1}', '{"a":1}}', '[1]]', '{"a":1', '}', '"a":1', '', '{"a"::1}'])(
    'is plain JSON: %s',
    (text) => {
      expect(refusal(text)).toMatch(/not plain JSON/);
    },
  );
});
