import { describe, expect, it } from 'vitest';
import { isDigest } from './digest.js';
import { digestVector } from './vectors/rfc.js';

describe('isDigest', () => {
  it.each([
    digestVector.sha256,
    digestVector.sha512,
    `${digestVector.sha256}, ${digestVector.sha512}`,
    'unixsum=:AAA=:',
    'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE',
  ])('accepts %s', (digest) => {
    expect(isDigest(digest)).toBe(true);
  });

  it.each([
    '',
    'sha-256',
    'sha-256=',
    'sha-256=::',
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    'SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    'sha-256=:a|b:',
    'sha-256=:AAAA:,',
    `sha-256=:${'A'.repeat(600)}:`,
  ])('refuses %j', (digest) => {
    expect(isDigest(digest)).toBe(false);
  });
});
