import { describe, expect, it } from 'vitest';
import { encodeBase64url } from './base64url.js';
import {
  type Credential,
  credentialBytesMax,
  isPaymentCredential,
  parseCredential,
  serializeCredential,
} from './credential.js';
import { canonicalize } from './jcs.js';
import { goldenPayload, goldenSource, goldenVectors } from './vectors/mppx.js';

const challenge = {
  id: 'a1',
  realm: 'api.example.com',
  method: 'lightning',
  intent: 'charge',
  request: 'e30',
};
const payload = { preimage: '07'.repeat(32) };

function token(value: unknown): string {
  return `Payment ${encodeBase64url(JSON.stringify(value))}`;
}

function codeOf(fieldValue: string): string {
  const result = parseCredential(fieldValue);
  return result.ok ? 'ok' : result.code;
}

describe('parseCredential', () => {
  it('reads the example of the draft', () => {
    const wire =
      'Payment eyJjaGFsbGVuZ2UiOnsiaWQiOiJ4N1RnMnBMcVI5bUt2TndZM2hCY1phIiwicmVhbG0iOiJhcGkuZXhhbXBsZS5jb20iLCJtZXRob2QiOiJleGFtcGxlIiwiaW50ZW50IjoiY2hhcmdlIiwicmVxdWVzdCI6ImV5SmhiVzkxYm5RaU9pSXhNREF3SWl3aVkzVnljbVZ1WTNraU9pSlZVMFFpTENKeVpXTnBjR2xsYm5RaU9pSmhZMk4wWHpFeU15SjkiLCJleHBpcmVzIjoiMjAyNS0wMS0xNVQxMjowNTowMFoifSwicGF5bG9hZCI6eyJwcm9vZiI6IjB4YWJjMTIzLi4uIn19';
    expect(parseCredential(wire)).toEqual({
      ok: true,
      value: {
        challenge: {
          id: 'x7Tg2pLqR9mKvNwY3hBcZa',
          realm: 'api.example.com',
          method: 'example',
          intent: 'charge',
          request: 'eyJhbW91bnQiOiIxMDAwIiwiY3VycmVuY3kiOiJVU0QiLCJyZWNpcGllbnQiOiJhY2N0XzEyMyJ9',
          expires: '2025-01-15T12:05:00Z',
        },
        payload: { proof: '0xabc123...' },
      },
    });
  });

  it.each(goldenVectors)('reads what mppx writes: $name', ({ credential: wire, bound, request, id }) => {
    const result = parseCredential(wire);
    expect(result).toMatchObject({
      ok: true,
      value: { challenge: { ...bound, id, request }, payload: goldenPayload, source: goldenSource },
    });
  });

  it.each([
    ['scheme in any case', (wire: string) => wire.replace('Payment', 'pAYMENT')],
    ['several blanks', (wire: string) => wire.replace(' ', '   ')],
    ['blanks around', (wire: string) => `  ${wire} \t`],
    ['blanks behind', (wire: string) => `${wire}\t  `],
    ['a tab between', (wire: string) => wire.replace(' ', '\t')],
    ['a tab behind the blank', (wire: string) => wire.replace(' ', ' \t')],
    ['padding', (wire: string) => wire.padEnd(wire.length + ((4 - ((wire.length - 8) % 4)) % 4), '=')],
  ])('allows %s', (_, change) => {
    for (const source of ['', 'x', 'xy']) {
      const wire = token({ challenge, payload, source });
      expect(parseCredential(change(wire))).toEqual({ ok: true, value: { challenge, payload, source } });
    }
  });

  it('ignores unknown members', () => {
    const wire = token({ challenge: { ...challenge, meta: { a: 1 }, amount: '1' }, payload, more: [1] });
    expect(parseCredential(wire)).toEqual({ ok: true, value: { challenge, payload } });
  });

  it('keeps every known member of the challenge as it stands', () => {
    const more = {
      expires: '2026-03-15T12:05:00.0Z',
      digest: 'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
      description: 'a|b "c" ☕',
      opaque: 'eyJhIjoiYiJ9',
      header: 'Payment-Authorization',
    };
    const wire = token({ challenge: { ...challenge, ...more }, payload });
    expect(parseCredential(wire)).toEqual({
      ok: true,
      value: { challenge: { ...challenge, ...more }, payload },
    });
  });

  it('reaches no prototype', () => {
    const json = `{"challenge":${JSON.stringify({ ...challenge }).replace('{', '{"__proto__":{"expires":"x"},')},"payload":{"__proto__":{"admin":true},"a":{"__proto__":1}},"__proto__":{"source":"x"}}`;
    const result = parseCredential(`Payment ${encodeBase64url(json)}`);
    expect(result).toEqual({ ok: true, value: { challenge, payload: { a: {} } } });
    if (result.ok) expect(Object.hasOwn(result.value.payload, '__proto__')).toBe(false);
    expect({}).not.toHaveProperty('admin');
  });

  it.each([
    ['another scheme', 'Bearer eyJjaGFsbGVuZ2UiOnt9fQ', 'credential_scheme'],
    ['a longer scheme', 'Payments e30', 'credential_scheme'],
    ['nothing', '', 'credential_scheme'],
    ['no token', 'Payment', 'credential_encoding'],
    ['a blank token', 'Payment   ', 'credential_encoding'],
    ['the wrong alphabet', 'Payment not-valid!!!', 'credential_encoding'],
    ['two credentials in one', 'Payment e30, Payment e30', 'credential_encoding'],
    ['parameters', 'Payment id="a1"', 'credential_encoding'],
    ['invalid UTF-8', 'Payment _w', 'credential_encoding'],
    ['a line break behind', `${token({ challenge, payload })}\n`, 'credential_encoding'],
    ['no JSON', `Payment ${encodeBase64url('{')}`, 'credential_json'],
    ['an array', 'Payment W10', 'credential_json'],
    ['a string', 'Payment IngiIA', 'credential_json'],
    [
      'deep JSON',
      `Payment ${encodeBase64url(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)}`,
      'credential_json',
    ],
    ['no challenge', token({ payload }), 'credential_shape'],
    ['a challenge that is a string', token({ challenge: 'a1', payload }), 'credential_shape'],
    ['a challenge that is an array', token({ challenge: [challenge], payload }), 'credential_shape'],
    ['no payload', token({ challenge }), 'credential_shape'],
    ['a payload that is a string', token({ challenge, payload: 'x' }), 'credential_shape'],
    ['a payload that is null', token({ challenge, payload: null }), 'credential_shape'],
    ['a payload that is an array', token({ challenge, payload: [] }), 'credential_shape'],
    ['a source that is no string', token({ challenge, payload, source: 1 }), 'credential_shape'],
    ['a source that is null', token({ challenge, payload, source: null }), 'credential_shape'],
  ])('refuses %s', (_, wire, code) => {
    expect(codeOf(wire)).toBe(code);
  });

  it.each(['id', 'realm', 'method', 'intent', 'request'])('refuses a challenge without %s', (name) => {
    expect(codeOf(token({ challenge: { ...challenge, [name]: undefined }, payload }))).toBe(
      'credential_shape',
    );
  });

  it.each([
    'id',
    'realm',
    'method',
    'intent',
    'request',
    'expires',
    'digest',
    'description',
    'opaque',
    'header',
  ])('refuses a challenge whose %s is no string', (name) => {
    for (const value of [1, true, null, {}, ['x']]) {
      expect(codeOf(token({ challenge: { ...challenge, [name]: value }, payload }))).toBe('credential_shape');
    }
  });

  it.each([
    ['id', ''],
    ['method', 'Lightning'],
    ['method', 'a|b'],
    ['intent', 'a|b'],
    ['request', ''],
    ['request', 'a|b'],
    ['request', 'e30==='],
    ['expires', 'a|b'],
    ['digest', 'sha-256=:a|b:'],
    ['opaque', 'a|b'],
  ])('refuses the %s %j: the binding input must be unambiguous', (name, value) => {
    expect(codeOf(token({ challenge: { ...challenge, [name]: value }, payload }))).toBe('credential_shape');
  });

  it('takes what the draft asks for, and up to the bound', () => {
    const ofChars = (chars: number) => {
      const empty = token({ challenge, payload: { a: '' } }).length;
      const wire = token({ challenge, payload: { a: 'x'.repeat(Math.floor(((chars - empty) * 3) / 4)) } });
      return wire + ' '.repeat(chars - wire.length);
    };
    for (const chars of [4096, 8192, credentialBytesMax]) {
      expect(ofChars(chars)).toHaveLength(chars);
      expect(codeOf(ofChars(chars))).toBe('ok');
    }
    expect(codeOf(ofChars(credentialBytesMax + 1))).toBe('credential_too_large');
    expect(codeOf(`Payment ${'A'.repeat(50_000_000)}`)).toBe('credential_too_large');
  });

  it('never repeats what it was sent', () => {
    const secret = 'deadbeef'.repeat(8);
    for (const wire of [
      `Payment ${secret}!`,
      `Bearer ${secret}`,
      token({ challenge, payload: secret }),
      token({ challenge: { ...challenge, id: 7, realm: secret }, payload: { preimage: secret } }),
    ]) {
      expect(JSON.stringify(parseCredential(wire))).not.toContain('deadbeef');
    }
  });

  it('reads blanks in a moment', () => {
    for (const wire of [
      ' '.repeat(16_000),
      `Payment${' '.repeat(16_000)}x`,
      `Payment x${' '.repeat(16_000)}x`,
    ]) {
      const before = process.cpuUsage();
      parseCredential(wire);
      // Of the processor's time: others may be at it meanwhile.
      expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
    }
  });
});

describe('serializeCredential', () => {
  it('writes canonical JSON', () => {
    const value: Credential = { payload, challenge, source: 'did:key:z6Mk' };
    const wire = serializeCredential(value);
    expect(wire).toMatch(/^Payment [A-Za-z0-9_-]+$/);
    expect(Buffer.from(wire.slice(8), 'base64url').toString()).toBe(
      canonicalize({ challenge, payload, source: 'did:key:z6Mk' }),
    );
  });

  it('sends only what the draft names', () => {
    const extended = { ...challenge, amount: '1', expires: undefined };
    // A caller in plain JavaScript may hand in more than the type says.
    const wire = serializeCredential({ challenge: extended as unknown as Credential['challenge'], payload });
    expect(parseCredential(wire)).toEqual({ ok: true, value: { challenge, payload } });
    expect(Buffer.from(wire.slice(8), 'base64url').toString()).not.toContain('amount');
  });

  it('refuses to write what it would not read', () => {
    expect(() => serializeCredential({ challenge, payload: { a: 'x'.repeat(credentialBytesMax) } })).toThrow(
      TypeError,
    );
  });
});

describe('isPaymentCredential', () => {
  it.each([
    'Payment abc',
    'payment abc',
    'PAYMENT\tabc',
    ' Payment abc',
    'Payment',
    'Payment ',
    'Payment !!!',
  ])('yes: %j', (fieldValue) => {
    expect(isPaymentCredential(fieldValue)).toBe(true);
  });

  it.each([
    '',
    'Bearer abc',
    'Paymentabc',
    'Payment2 abc',
    'Payment,abc',
    'X Payment abc',
    'Basic UGF5bWVudA==',
  ])('no: %j', (fieldValue) => {
    expect(isPaymentCredential(fieldValue)).toBe(false);
  });
});
