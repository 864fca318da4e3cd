import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64url } from './base64url.js';
import { type Credential, credentialBytesMax, parseCredential, serializeCredential } from './credential.js';
import { anyString, credential, fuzzRuns, mutated } from './testing/arbitrary.js';

describe('credentials, properties', () => {
  it('come back', () => {
    fc.assert(
      fc.property(credential, (value) => {
        const wire = serializeCredential(value);
        const result = parseCredential(wire);
        expect(result.ok).toBe(true);
        if (!result.ok) return;
        expect(result.value.challenge).toEqual(value.challenge);
        expect(result.value.source).toBe(value.source);
        if (!JSON.stringify(value.payload).includes('__proto__'))
          expect(serializeCredential(result.value)).toBe(wire);
      }),
      fuzzRuns,
    );
  });

  it('never throws, and what is accepted has the shape', () => {
    const json = fc.json().map((value) => `Payment ${encodeBase64url(value)}`);
    const shaped = mutated(credential.map(canonicalizeCredential)).map(
      (value) => `Payment ${safeEncode(value)}`,
    );
    const valid = credential.map(serializeCredential);
    fc.assert(
      fc.property(
        fc.oneof(
          anyString,
          mutated(valid),
          anyString.map((s) => `Payment ${s}`),
          json,
          shaped,
        ),
        (wire) => {
          const result = parseCredential(wire);
          if (!result.ok) {
            expect(result.code).toMatch(/^credential_(scheme|too_large|encoding|json|shape)$/);
            return;
          }
          expect(Object.values(result.value.challenge).every((value) => typeof value === 'string')).toBe(
            true,
          );
          expect(serializeCredential(result.value).length).toBeLessThanOrEqual(credentialBytesMax);
        },
      ),
      { numRuns: fuzzRuns.numRuns * 2 },
    );
  });
});

function canonicalizeCredential(value: Credential): string {
  return Buffer.from(serializeCredential(value).slice(8), 'base64url').toString();
}

function safeEncode(value: string): string {
  return Buffer.from(value, 'utf8').toString('base64url');
}
