import { describe, expect, it } from 'vitest';
import {
  type Challenge,
  challengeBytesMax,
  descriptionCharsMax,
  isIntentIdentifier,
  isMethodIdentifier,
  parseChallenges,
  serializeChallenge,
} from './challenge.js';
import { encodeRequest } from './request.js';

const base: Challenge = {
  id: 'a1',
  realm: 'api.example.com',
  method: 'lightning',
  intent: 'charge',
  request: 'e30',
};
const good = 'Payment id="a1", realm="api.example.com", method="lightning", intent="charge", request="e30"';

describe('serializeChallenge', () => {
  const full: Challenge = {
    ...base,
    opaque: encodeRequest({ resource: 'GET /' }),
    description: 'One block',
    digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    expires: '2026-03-15T12:05:00Z',
  };

  it('writes the parameters in a fixed order, hints last', () => {
    expect(serializeChallenge(base)).toBe(good);
    expect(serializeChallenge(full, { amount: '1', currency: 'sat' })).toBe(
      `${good}, expires="2026-03-15T12:05:00Z", digest="sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", ` +
        'description="One block", opaque="eyJyZXNvdXJjZSI6IkdFVCAvIn0", amount="1", currency="sat"',
    );
    expect(parseChallenges(serializeChallenge(full, { amount: '1' })).challenges).toEqual([full]);
  });

  it('escapes quotes and backslashes', () => {
    const challenge = { ...base, realm: 'a "b" \\ c, d', description: '\\"' };
    const wire = serializeChallenge(challenge, { note: '"\\' });
    expect(wire).toContain('realm="a \\"b\\" \\\\ c, d"');
    expect(wire).toContain('description="\\\\\\"", note="\\"\\\\"');
    expect(parseChallenges(wire).challenges).toEqual([challenge]);
  });

  it('makes a description in any language fit for a header', () => {
    const wire = serializeChallenge({ ...base, description: 'Prix – 1 € pour café ☕😀' });
    expect(wire).toContain('description="Prix ? 1 ? pour caf? ??"');
    expect(() => new Headers({ 'www-authenticate': wire })).not.toThrow();
    const long = serializeChallenge({ ...base, description: 'é'.repeat(50_000) });
    expect(parseChallenges(long).challenges[0]?.description).toBe('?'.repeat(descriptionCharsMax));
  });

  it.each([
    ['a line break in the description', { description: 'a\r\nSet-Cookie: x=1' }],
    ['a NUL in the description', { description: 'a\0' }],
    ['a line break in the realm', { realm: 'a\nb' }],
    ['a carriage return in the id', { id: 'a\rb' }],
    ['a tab in the realm', { realm: 'a\tb' }],
    ['a delete character', { realm: 'a\x7fb' }],
    ['a realm beyond ASCII', { realm: 'café' }],
    ['an empty id', { id: '' }],
    ['a method in capitals', { method: 'Lightning' }],
    ['an intent that is no token', { intent: 'a b' }],
    ['an empty request', { request: '' }],
    ['a request that is not encoded', { request: '{}' }],
    ['an expires that is no time', { expires: 'soon' }],
    ['a digest in another form', { digest: 'x' }],
    ['an opaque that is not encoded', { opaque: '{"a":"b"}' }],
    ['a header that is not for credentials', { header: 'Cookie' }],
    ['a request that is too long', { request: 'A'.repeat(challengeBytesMax) }],
  ])('refuses %s', (_, wrong) => {
    expect(() => serializeChallenge({ ...base, ...wrong })).toThrow(TypeError);
  });

  it.each([
    [{ Amount: '1' }],
    [{ 'a b': '1' }],
    [{ '': '1' }],
    [{ 'a="': '1' }],
    [{ id: '1' }],
    [{ opaque: '1' }],
    [{ header: '1' }],
    [{ amount: '1\r\n' }],
    [{ amount: '€' }],
  ])('refuses the hint %j', (hints) => {
    expect(() => serializeChallenge(base, hints)).toThrow(TypeError);
  });
});

describe('identifiers', () => {
  it('methods are lower-case letters, intents are tokens', () => {
    expect(['lightning', 'tempo', 'a'].every(isMethodIdentifier)).toBe(true);
    expect(['', 'Lightning', 'l402', 'a-b', 'a\n', '*'].some(isMethodIdentifier)).toBe(false);
    expect(['charge', 'charge-v2', 'X'].every(isIntentIdentifier)).toBe(true);
    expect(['', 'a_b', 'a b', 'a/b', '*', 'a\n'].some(isIntentIdentifier)).toBe(false);
  });
});
