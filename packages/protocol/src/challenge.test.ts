import { describe, expect, it } from 'vitest';
import {
  type Challenge,
  challengeBytesMax,
  challengeFieldsBytesMax,
  challengesMax,
  parseChallenges,
} from './challenge.js';
import { goldenVectors } from './vectors/mppx.js';

const base: Challenge = {
  id: 'a1',
  realm: 'api.example.com',
  method: 'lightning',
  intent: 'charge',
  request: 'e30',
};
const rest = 'realm="api.example.com", method="lightning", intent="charge", request="e30"';
const good = `Payment id="a1", ${rest}`;
const second = `Payment id="b2", ${rest}`;

function ids(fieldValues: string | readonly string[]): string[] {
  return parseChallenges(fieldValues).challenges.map(({ id }) => id);
}

describe('parseChallenges, one challenge', () => {
  it('reads the example of the draft', () => {
    const wire =
      'Payment id="x7Tg2pLqR9mKvNwY3hBcZa", realm="api.example.com", method="example", intent="charge", ' +
      'expires="2025-01-15T12:05:00Z", ' +
      'request="eyJhbW91bnQiOiIxMDAwIiwiY3VycmVuY3kiOiJVU0QiLCJyZWNpcGllbnQiOiJhY2N0XzEyMyJ9"';
    expect(parseChallenges(wire)).toEqual({
      challenges: [
        {
          id: 'x7Tg2pLqR9mKvNwY3hBcZa',
          realm: 'api.example.com',
          method: 'example',
          intent: 'charge',
          expires: '2025-01-15T12:05:00Z',
          request: 'eyJhbW91bnQiOiIxMDAwIiwiY3VycmVuY3kiOiJVU0QiLCJyZWNpcGllbnQiOiJhY2N0XzEyMyJ9',
        },
      ],
      skipped: [],
    });
  });

  it.each(goldenVectors)('reads what mppx writes: $name', ({ wire, bound, request, id }) => {
    const { challenges, skipped } = parseChallenges(wire);
    expect(skipped).toEqual([]);
    expect(challenges).toHaveLength(1);
    expect(challenges[0]).toMatchObject({ ...bound, id, request });
  });

  it.each([
    ['scheme in lower case', `payment id="a1", ${rest}`],
    ['scheme in capitals', `PAYMENT id="a1", ${rest}`],
    ['parameter names in capitals', good.replace('realm', 'Realm').replace('id=', 'ID=')],
    [
      'tokens instead of quoted strings',
      'Payment id=a1, realm=api.example.com, method=lightning, intent=charge, request=e30',
    ],
    ['blanks around the equals sign', good.replaceAll('=', ' =\t ')],
    ['many blanks behind the scheme', good.replace('Payment ', 'Payment \t  ')],
    ['blanks around commas', good.replaceAll(', ', ' \t,\t ')],
    ['no blanks around commas', good.replaceAll(', ', ',')],
    ['empty elements', `, ,${good.replaceAll(', ', ',, ,')},,`],
    [
      'another order',
      'Payment request="e30", intent="charge", method="lightning", realm="api.example.com", id="a1"',
    ],
    ['unknown parameters', `${good}, amount="1", x=y, foo="b, a=\\"r"`],
    ['needless escapes', good.replace('api', '\\a\\p\\i')],
  ])('allows %s', (_, wire) => {
    expect(parseChallenges(wire)).toEqual({ challenges: [base], skipped: [] });
  });

  it('unescapes quoted strings and is not misled by what stands in them', () => {
    const description = 'a "b", Payment id="evil" \\ c, = ;';
    const wire = `${good}, description="a \\"b\\", Payment id=\\"evil\\" \\\\ c, = ;"`;
    expect(parseChallenges(wire).challenges).toEqual([{ ...base, description }]);
  });

  it('reads the characters beyond Latin-1 that mppx escapes', () => {
    const wire = `${good.replace('api.', 'r \\u2014 ')}, description="\\ud83d\\ude00 \\u00e9 \\\\u2014"`;
    expect(parseChallenges(wire).challenges).toEqual([
      { ...base, realm: 'r — example.com', description: '😀 u00e9 \\u2014' },
    ]);
  });

  it('keeps optional parameters as they stand', () => {
    const more = {
      expires: '2026-03-15T13:05:00.5+01:00',
      digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
      opaque: 'trace-123',
      header: 'Payment-Authorization',
    };
    const wire = `${good}, ${Object.entries(more)
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ')}`;
    expect(parseChallenges(wire).challenges).toEqual([{ ...base, ...more }]);
  });

  it.each([
    ['no id', good.replace('id="a1", ', ''), /no id/],
    ['an empty id', good.replace('a1', ''), /empty id/],
    ['no realm', good.replace('realm="api.example.com", ', ''), /no realm/],
    ['no method', good.replace('method="lightning", ', ''), /no method/],
    ['no intent', good.replace('intent="charge", ', ''), /no intent/],
    ['no request', good.replace(', request="e30"', ''), /no request/],
    ['nothing but the scheme', 'Payment', /no id/],
    ['a token instead of parameters', 'Payment eyJ9', /no id/],
    ['a method in capitals', good.replace('lightning', 'Lightning'), /method/],
    ['a method with a digit', good.replace('lightning', 'l402'), /method/],
    ['an empty method', good.replace('lightning', ''), /method/],
    ['an intent that is no token', good.replace('charge', 'cha rge'), /intent/],
    ['a request in the wrong alphabet', good.replace('e30', 'not-valid!!!'), /request/],
    ['a request that is no JSON', good.replace('e30', 'bm90IGpzb24'), /request/],
    ['a request that is an array', good.replace('e30', 'W10'), /request/],
    ['an expires that is no time', `${good}, expires="soon"`, /expires/],
    ['an expires without an offset', `${good}, expires="2026-03-15T12:05:00"`, /expires/],
    ['a digest in another form', `${good}, digest="md5"`, /digest/],
    ['an opaque in the wrong alphabet', `${good}, opaque="a|b"`, /opaque/],
    ['a header that is not for credentials', `${good}, header="Cookie"`, /header/],
    ['a repeated parameter', `${good}, id="a2"`, /repeats/],
    ['a parameter repeated in capitals', `${good}, ID="a1"`, /repeats/],
    ['a repeated unknown parameter', `${good}, x="1", x="1"`, /repeats/],
    ['an unreadable required parameter', good.replace('"e30"', '"e3'), /malformed/],
    ['an unreadable expires', `${good}, expires=2026-03-15T12:05:00Z`, /malformed/],
    ['an expires behind something unreadable', `${good}, @@, expires="2026-03-15T12:05:00Z"`, /malformed/],
    [
      'an expires behind a broken description',
      `${good}, description="a, b "c" d", expires="2026-03-15T12:05:00Z"`,
      /malformed/,
    ],
    ['a line break in a value', good.replace('api.', 'api.\r\n'), /malformed/],
    ['a NUL in a value', good.replace('api.', 'api.\0'), /malformed/],
    ['something unreadable behind the scheme', 'Payment @@', /malformed/],
  ])('skips %s, with a reason', (_, wire, reason) => {
    const { challenges, skipped } = parseChallenges(wire);
    expect(challenges).toEqual([]);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]?.reason).toMatch(reason);
  });

  it.each([
    // The first of them is in the public conformance suite.
    ['"Pay for "Premium" service — 50% off!"', 'Pay for '],
    ['"a, b "c" d"', 'a, b '],
    ['"never ends', undefined],
    ['@@', undefined],
  ])('takes of a description what can be read, it is for display only: %s', (broken, description) => {
    expect(parseChallenges(`${good}, description=${broken}`)).toEqual({
      challenges: [description === undefined ? base : { ...base, description }],
      skipped: [],
    });
  });

  it('ignores an unknown parameter that never ends', () => {
    const wire = `${good}, fuzz="${'\\\\'.repeat(6000)}`;
    expect(parseChallenges(wire)).toEqual({ challenges: [base], skipped: [] });
  });

  it.each([
    '',
    ' ',
    ',',
    'Basic',
    'Bearer abc',
    'PaymentX id="a1"',
    'X-Payment id="a1"',
    '"Payment id=a1"',
    'id="a1"',
  ])('finds nothing in %j', (wire) => {
    expect(parseChallenges(wire)).toEqual({ challenges: [], skipped: [] });
  });
});

describe('parseChallenges, several challenges', () => {
  it('in one field value, in many and in both', () => {
    expect(ids(`${good}, ${second}`)).toEqual(['a1', 'b2']);
    expect(ids([good, second])).toEqual(['a1', 'b2']);
    expect(ids([`${good},${second}`, '', good])).toEqual(['a1', 'b2', 'a1']);
    expect(ids([])).toEqual([]);
  });

  it.each([
    'Basic realm="simple"',
    'Basic',
    'Negotiate',
    'Bearer',
    'Bearer realm="x", error="invalid_token", scope="a, b"',
    'Bearer abc',
    'Bearer YWJj==',
    'NTLM TlRMTVNTUAAC/+==',
    'L402 macaroon="AgEL+/=", invoice="lnbc1"',
    'Newauth realm="apps", type=1, title="Login to \\"apps\\""',
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7y\\"c", opaque="FQ"',
    'Newauth title="Payment id=\\"x\\", realm=\\"y\\""',
  ])('beside %s', (other) => {
    for (const wire of [
      `${other}, ${good}`,
      `${good}, ${other}`,
      `${other}, ${good}, ${other}, ${second}, ${other}`,
    ]) {
      expect(ids(wire)).toContain('a1');
      expect(parseChallenges(wire).skipped).toEqual([]);
    }
    expect(ids([other, good, other])).toEqual(['a1']);
  });

  it.each([
    'Payment id="", realm="x"',
    'Payment id="c", id="d"',
    'Payment id="c',
    'Payment id="c, realm="x"',
    'Payment id="c"x, realm="y"',
    'Payment id="c\\',
    'Payment id=, realm=""',
    'Payment id=@@, realm="x"',
    'Payment @@',
    'Payment "',
    'Payment =',
    'Payment id',
    'Payment id=a b c',
    'Payment request="%%%", expires="never", header="Cookie"',
    'Pay@ment id="x"',
    'Digest nonce="x',
    'Digest nonce=@@, opaque="x"',
    'Bearer abc def',
    '@@@',
    '"',
    '"Digest" realm="x", qop="auth"',
    '=',
    '= , == , "" , \\',
    '\u0000',
    'é',
  ])('a malformed sibling hides none: %j', (bad) => {
    expect(ids(`${bad}, ${good}`)).toContain('a1');
    expect(ids(`${good}, ${bad}`)).toContain('a1');
    expect(ids(`${good}, ${bad}, ${second}`)).toEqual(expect.arrayContaining(['a1', 'b2']));
    expect(ids([bad, good, bad, second])).toEqual(['a1', 'b2']);
  });
});

describe('parseChallenges, bounds', () => {
  it('takes a challenge of the size that the draft asks for, and up to the bound', () => {
    const ofBytes = (bytes: number) => `${good}, x="${'y'.repeat(bytes - good.length - 6)}"`;
    for (const bytes of [4096, 8192, challengeBytesMax]) {
      expect(ofBytes(bytes)).toHaveLength(bytes);
      expect(ids(ofBytes(bytes))).toEqual(['a1']);
    }
    const { challenges, skipped } = parseChallenges(`${ofBytes(challengeBytesMax + 1)}, ${second}`);
    expect(challenges.map(({ id }) => id)).toEqual(['b2']);
    expect(skipped[0]?.reason).toMatch(/longer than 16384 bytes/);
  });

  it('bounds all field values together, and reads those that fit', () => {
    const long = `Basic realm="${'x'.repeat(challengeFieldsBytesMax)}"`;
    const { challenges, skipped } = parseChallenges([long, good, long, second]);
    expect(challenges.map(({ id }) => id)).toEqual(['a1', 'b2']);
    expect(skipped).toEqual([
      { reason: `The field values are longer than ${challengeFieldsBytesMax} bytes in all.` },
    ]);
    expect(parseChallenges(`${good}, ${long}`).challenges).toEqual([]);
  });

  it('bounds how many', () => {
    const many = Array.from({ length: challengesMax + 5 }, () => good);
    for (const wire of [many, many.join(', ')]) {
      const { challenges, skipped } = parseChallenges(wire);
      expect(challenges).toHaveLength(challengesMax);
      expect(skipped).toEqual([{ reason: `There are more than ${challengesMax} Payment challenges.` }]);
    }
    const { skipped } = parseChallenges('Payment,'.repeat(5000));
    expect(skipped).toHaveLength(challengesMax + 1);
  });
});
