import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkDigest } from './digest.js';

const body = new TextEncoder().encode('{"hello": "world"}');
// RFC 9530 §"Appendix B": the digest of this very body.
const rfc9530 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:';

describe('checkDigest', () => {
  it('accepts the example of RFC 9530, in its form and in the bare one', async () => {
    expect(await checkDigest(rfc9530, body)).toBeUndefined();
    expect(await checkDigest('sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=', body)).toBeUndefined();
  });

  it('refuses another body, and no body', async () => {
    expect((await checkDigest(rfc9530, new Uint8Array([1])))?.code).toBe('digest_mismatch');
    expect((await checkDigest(rfc9530, undefined))?.code).toBe('digest_mismatch');
  });

  it('checks every algorithm that it knows and passes over the others', async () => {
    const sha512 = createHash('sha512').update(body).digest('base64');
    expect(await checkDigest(`md5=:AAAA:, sha-512=:${sha512}:, ${rfc9530}`, body)).toBeUndefined();
    expect((await checkDigest(`sha-512=:${sha512.replace(/^./, '!')}:, sha-256=:AAAA:`, body))?.code).toBe(
      'digest_mismatch',
    );
  });
});
