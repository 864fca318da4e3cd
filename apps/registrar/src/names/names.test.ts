import { describe, expect, it } from 'vitest';
import { namespaceOf } from '../testing/rig.js';
import { readDomainName } from './domain-name.js';
import { readLabel } from './label.js';
import { decimalUsd, isFree, priceOrder, readUsd } from './price.js';

describe('a label', () => {
  it.each([
    ['myname', 'myname', 'myname'],
    ['MyName', 'myname', 'myname'],
    ['bücher', 'xn--bcher-kva', 'bücher'],
    ['BÜCHER', 'xn--bcher-kva', 'bücher'],
    ['xn--bcher-kva', 'xn--bcher-kva', 'bücher'],
    ['XN--BCHER-KVA', 'xn--bcher-kva', 'bücher'],
    ['１２３', '123', '123'],
    ['127', '127', '127'],
    ['0x7f', '0x7f', '0x7f'],
    ['a-b', 'a-b', 'a-b'],
    ['例え', 'xn--r8jz45g', '例え'],
    ['x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63)],
  ])('%s is %s, shown as %s', (text, ascii, display) => {
    expect(readLabel(text)).toEqual({ ok: true, value: { ascii, display } });
  });

  it.each([
    ['', 'label_length'],
    ['x'.repeat(64), 'label_length'],
    ['ü'.repeat(63), 'label_length'],
    ['a.b', 'label_dots'],
    ['a。b', 'label_idna'],
    ['a b', 'label_characters'],
    ['a_b', 'label_characters'],
    ['a%b', 'label_characters'],
    ['a/b', 'label_characters'],
    ['*', 'label_characters'],
    ['-a', 'label_hyphen'],
    ['a-', 'label_hyphen'],
    ['ab--c', 'label_idna'],
    ['xn--zz', 'label_idna'],
    ['xn--a', 'label_idna'],
    ['a\u0000b', 'label_characters'],
    // UTS 46 has none of them; a URL's parser drops them or decodes them.
    ['ad\nmin', 'label_characters'],
    ['é\tb', 'label_characters'],
    ['\ré', 'label_characters'],
    ['é\u007f', 'label_characters'],
    ['é%61', 'label_characters'],
    ['é%2', 'label_characters'],
    ['\u200d', 'label_idna'],
  ])('%j is none', (text, code) => {
    expect(readLabel(text)).toMatchObject({ ok: false, code });
  });
});

describe('a name in a request (R4)', () => {
  const spaces = new Set(['agent', 'chatbot']);
  const read = (domain: string, namespace?: string, tld?: string) =>
    readDomainName({ domain, namespace, tld }, spaces);

  it.each<[string, string | undefined, string | undefined]>([
    ['myname', 'agent', undefined],
    ['myname', undefined, 'agent'],
    ['myname', 'agent', 'agent'],
    ['MyName.Agent', undefined, undefined],
    ['myname.agent.', undefined, undefined],
    ['myname.agent', 'agent', undefined],
    ['myname', '.AGENT', undefined],
  ])('%s with namespace %s and tld %s is one name', (...words) => {
    expect(read(...words)).toMatchObject({ ok: true, value: { fqdn: 'myname.agent', namespace: 'agent' } });
  });

  it.each([
    ['myname', 'agent', 'chatbot', 'namespace_conflict'],
    ['myname.agent', 'chatbot', undefined, 'namespace_conflict'],
    ['myname.agent', undefined, 'chatbot', 'namespace_conflict'],
    ['myname', undefined, undefined, 'namespace_missing'],
    ['myname', 'boss', undefined, 'namespace_unknown'],
    ['a.b.agent', undefined, undefined, 'namespace_unknown'],
    ['a.b', 'agent', undefined, 'namespace_conflict'],
    ['-x', 'agent', undefined, 'label_hyphen'],
  ])('%s with namespace %s and tld %s is refused: %s', (domain, namespace, tld, code) => {
    expect(read(domain, namespace, tld)).toMatchObject({ ok: false, code });
  });
});

describe('a price', () => {
  const space = namespaceOf('agent', {
    phases: [
      { name: 'landgrab', untilMs: 1_000, multiplier: 3n, open: true },
      { name: 'general', untilMs: undefined, multiplier: 1n, open: true },
    ],
  });
  const order = (more: Partial<Parameters<typeof priceOrder>[1]>) =>
    priceOrder(space, { kind: 'register', name: 'x', years: 1, coupon: undefined, ...more }, 5_000).net;

  it('is by the year, by the phase, by the name and by the coupon', () => {
    expect(order({ years: 10 })).toEqual({ usdMicros: 5_200_000n, sats: 10_000n });
    expect(order({ name: 'gold' })).toEqual({ usdMicros: 100_000_000n, sats: 200_000n });
    const early = { kind: 'register', name: 'x', years: 2, coupon: undefined } as const;
    expect(priceOrder(space, early, 500).net).toEqual({ usdMicros: 3_120_000n, sats: 6_000n });
    // A renewal is no landgrab.
    expect(priceOrder(space, { ...early, kind: 'renew' }, 500).net).toEqual({
      usdMicros: 1_040_000n,
      sats: 2_000n,
    });
    const half = { code: 'H', percent: 50n, usesMax: undefined, namespaces: undefined, untilMs: undefined };
    expect(order({ coupon: half })).toEqual({ usdMicros: 260_000n, sats: 500n });
    expect(isFree(order({ coupon: { ...half, percent: 100n } }))).toBe(true);
    expect(isFree(order({ coupon: { ...half, percent: 99n } }))).toBe(false);
  });

  it('is written and read without a float', () => {
    for (const [text, micros] of [
      ['0.52', 520_000n],
      ['26.00', 26_000_000n],
      ['0.000001', 1n],
      ['123456789.123456', 123_456_789_123_456n],
    ] as const) {
      expect(readUsd(text)).toBe(micros);
      expect(decimalUsd(micros)).toBe(text);
    }
    for (const wrong of ['', '-1', '1e3', '.5', '0.1234567', '1,5', ' 1'])
      expect(readUsd(wrong)).toBeUndefined();
  });
});
