import { createHash, createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyDigest, createKeyring, matchesBodyDigest, secretBytesMin } from './binding.js';
import { bindingInput } from './binding-input.js';
import { anyString, fuzzRuns, text } from './testing/arbitrary.js';
import { goldenVectors } from './vectors/mppx.js';
import { digestVector } from './vectors/rfc.js';

const secret = (letter: string) => letter.repeat(secretBytesMin);

describe('bindingInput, the seven slots', () => {
  const required = { realm: 'r', method: 'm', intent: 'i', request: 'e30' };

  it.each([
    [{}, 'r|m|i|e30|||'],
    [{ expires: 'E' }, 'r|m|i|e30|E||'],
    [{ digest: 'D' }, 'r|m|i|e30||D|'],
    [{ opaque: 'O' }, 'r|m|i|e30|||O'],
    [{ expires: 'E', digest: 'D', opaque: 'O' }, 'r|m|i|e30|E|D|O'],
  ])('%j', (more, input) => {
    expect(bindingInput({ ...required, ...more })).toBe(input);
  });

  it('allows a bar in the realm, where it cannot be misread', () => {
    expect(bindingInput({ ...required, realm: 'a|b' })).toBe('a|b|m|i|e30|||');
  });

  it.each(['method', 'intent', 'request', 'expires', 'digest', 'opaque'])(
    'refuses a bar in the %s',
    (name) => {
      expect(() => bindingInput({ ...required, [name]: 'x|y' })).toThrow(TypeError);
    },
  );

  it('leaves out what is not bound', () => {
    const challenge = { ...required, id: 'id', description: 'd' };
    expect(bindingInput(challenge)).toBe('r|m|i|e30|||');
  });
});

describe('createKeyring', () => {
  it.each(goldenVectors)('agrees with mppx: $name', ({ secret: golden, bound, request, id }) => {
    const keyring = createKeyring([golden]);
    const input = bindingInput({ ...bound, request });
    expect(keyring.sign(input)).toBe(id);
    expect(keyring.verify(input, id)).toBe(true);
  });

  // openssl dgst -sha256 -hmac <secret> over the text, then base64url.
  it('agrees with openssl', () => {
    const keyring = createKeyring(['0123456789abcdef0123456789abcdef']);
    expect(keyring.sign('api.example.com|lightning|charge|e30|||')).toBe(
      '5V4Xy_UAF4UWFYGG_JOvb9d0K1XnfKNdYospKLAfG4w',
    );
  });

  it('signs with the newest and verifies with each', () => {
    const before = createKeyring([secret('a')]);
    const after = createKeyring([secret('b'), secret('a')]);
    const gone = createKeyring([secret('c'), secret('b')]);
    const id = before.sign('input');
    expect(after.sign('input')).not.toBe(id);
    expect(after.sign('input')).toBe(createKeyring([secret('b')]).sign('input'));
    expect(after.verify('input', id)).toBe(true);
    expect(gone.verify('input', id)).toBe(false);
    expect(before.verify('input', after.sign('input'))).toBe(false);
  });

  it('refuses every id but one', () => {
    const keyring = createKeyring([secret('a')]);
    const id = keyring.sign('input');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let at = 0; at < id.length; at++) {
      for (const other of alphabet) {
        if (other === id[at]) continue;
        expect(keyring.verify('input', id.slice(0, at) + other + id.slice(at + 1))).toBe(false);
      }
    }
    const aliased = id.replace(/./, (first) => String.fromCharCode(first.charCodeAt(0) + 0x100));
    for (const other of [
      '',
      id.slice(1),
      `${id}A`,
      `${id}=`,
      ` ${id}`,
      `${id}\n`,
      aliased,
      id.toLowerCase(),
    ]) {
      expect(keyring.verify('input', other)).toBe(false);
    }
    expect(keyring.verify('input', id)).toBe(true);
    expect(keyring.verify('inpuT', id)).toBe(false);
  });

  it('says that a secret is missing, as where an environment variable is not set', () => {
    const unset: string[] = JSON.parse('[null]');
    for (const secrets of [[''], unset, [secret('a'), '']])
      expect(() => createKeyring(secrets)).toThrow(/^The secret is missing; give 32 random bytes/);
  });

  it('refuses a short secret and an empty ring, and does not repeat the secret', () => {
    expect(() => createKeyring([])).toThrow(TypeError);
    expect(() => createKeyring(['x'.repeat(31)])).toThrow(TypeError);
    expect(() => createKeyring([secret('a'), 'hunter2'])).toThrow(/32 bytes|32 random bytes/);
    expect(() => createKeyring(['hunter2'])).not.toThrow(/hunter2/);
    // 16 characters of two bytes each.
    expect(createKeyring(['é'.repeat(16)]).sign('x')).toHaveLength(43);
  });

  it('shows no secret', () => {
    const keyring = createKeyring([secret('s')]);
    expect(inspect(keyring, { depth: 9, showHidden: true }) + JSON.stringify(keyring)).not.toContain('sss');
  });

  it.each([0, 5461, 5462, 16_383, 16_384, 16_385, 100_000])('takes an input of %i characters', (length) => {
    for (const unit of ['a', 'é', '€']) {
      const input = unit.repeat(length);
      const expected = createHmac('sha256', secret('k')).update(input).digest('base64url');
      expect(createKeyring([secret('k')]).sign(input)).toBe(expected);
    }
  });

  it('is HMAC-SHA256 for any secret and text', () => {
    const strong = text.filter((candidate) => Buffer.byteLength(candidate) >= secretBytesMin);
    fc.assert(
      fc.property(
        fc.oneof(strong, fc.string({ minLength: 32, maxLength: 140 })),
        fc.array(text, { minLength: 1, maxLength: 4 }),
        (key, inputs) => {
          const keyring = createKeyring([key]);
          for (const input of inputs) {
            const expected = createHmac('sha256', key).update(input).digest('base64url');
            expect(keyring.sign(input)).toBe(expected);
            expect(keyring.verify(input, expected)).toBe(true);
          }
        },
      ),
      fuzzRuns,
    );
  });

  it('never throws on what a stranger sends, and never lets it pass', () => {
    const keyring = createKeyring([secret('a'), secret('b')]);
    fc.assert(
      fc.property(anyString, anyString, (input, id) => {
        expect(keyring.verify(input, id)).toBe(false);
      }),
      fuzzRuns,
    );
  });
});

describe('body digests, RFC 9530', () => {
  const body = new TextEncoder().encode(digestVector.body);
  const bare = digestVector.sha256.replaceAll(':', '');
  const other = bodyDigest(new Uint8Array());

  it('gives the digest of the RFC', () => {
    expect(bodyDigest(body)).toBe(digestVector.sha256);
    expect(other).toBe(`sha-256=:${createHash('sha256').digest('base64')}:`);
  });

  it.each([
    digestVector.sha256,
    digestVector.sha512,
    `${digestVector.sha256}, ${digestVector.sha512}`,
    `unixsum=:AAA=:, ${digestVector.sha256}`,
    bare,
  ])('matches %s', (digest) => {
    expect(matchesBodyDigest(digest, body)).toBe(true);
    expect(matchesBodyDigest(digest, new Uint8Array([1]))).toBe(false);
  });

  it.each(['', 'unixsum=:AAA=:', 'sha-256=:', other, `${digestVector.sha256}, ${other}`, `${bare}:`])(
    'does not match %j',
    (digest) => {
      expect(matchesBodyDigest(digest, body)).toBe(false);
    },
  );
});
