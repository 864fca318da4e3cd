import { describe, expect, it } from 'vitest';
import { challengeOfStored, referenceOfStored, storedChallenge, storedReference } from './keys.js';

describe('stored keys', () => {
  it.each(['ab'.repeat(32), 'AB'.repeat(32), 'x', '~'.repeat(512), 'x'.repeat(32), 'x'.repeat(33)])(
    'the reference %s comes back',
    (reference) => {
      expect(referenceOfStored(storedReference(reference))).toBe(reference);
    },
  );

  it('a text is never the bytes of a hash', () => {
    const hash = Buffer.from('a hash that is 32 printable chars').subarray(0, 32);
    const text = hash.toString('latin1');
    expect(storedReference(text).equals(storedReference(hash.toString('hex')))).toBe(false);
  });

  it('a challenge comes back as its 32 bytes', () => {
    const id = Buffer.alloc(32, 7).toString('base64url');
    expect(storedChallenge(id)).toEqual(Buffer.alloc(32, 7));
    expect(challengeOfStored(storedChallenge(id))).toBe(id);
  });

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['a tag alone', Buffer.from([1])],
    ['an unknown tag', Buffer.concat([Buffer.from([2]), Buffer.alloc(32)])],
    ['a hash of 31 bytes', Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])],
    ['a hash as text', Buffer.concat([Buffer.from([0]), Buffer.from('ab'.repeat(32))])],
    ['null', null],
    ['a text', 'x'],
  ])('%s is no reference', (_, stored) => {
    expect(referenceOfStored(stored)).toBeUndefined();
  });
});
