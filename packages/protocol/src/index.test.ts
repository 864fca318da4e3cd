import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as protocol from './index.js';

describe('the main entry', () => {
  it('exports the functions that the other packages use', () => {
    expect(Object.keys(protocol)).toEqual(
      expect.arrayContaining([
        'PROBLEM_BASE',
        'bindingInput',
        'canonicalize',
        'decodeBase64url',
        'decodeBase64urlText',
        'decodeRequest',
        'encodeBase64url',
        'encodeRequest',
        'isPaymentCredential',
        'parseAcceptPayment',
        'parseChallenges',
        'parseCredential',
        'parseReceipt',
        'problem',
        'rankOffers',
        'serializeChallenge',
        'serializeCredential',
        'serializeReceipt',
      ]),
    );
    expect(protocol).not.toHaveProperty('createKeyring');
  });

  it('needs no module of a runtime: only the binding does', () => {
    const folder = new URL('.', import.meta.url);
    const shipped = readdirSync(folder).filter((name) => /^(?!testing|.*\.test\.).*\.js$/.test(name));
    const needing = shipped.filter((name) =>
      readFileSync(new URL(name, folder), 'utf8').includes("from 'node:"),
    );
    expect(shipped).toContain('index.js');
    expect(needing).toEqual(['binding.js']);
  });
});

describe('without Buffer, as in a browser', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('reads and writes the same', async () => {
    const texts = ['', 'a', 'ab', 'é€😀', '\ufeff\ufffd', '{"a":"b"}'];
    const expected = texts.map((text) => Buffer.from(text).toString('base64url'));
    vi.resetModules();
    vi.stubGlobal('Buffer', undefined);
    const portable = await import('./base64url.js');
    vi.unstubAllGlobals();
    expect(texts.map(portable.encodeBase64url)).toEqual(expected);
    expect(texts.map((text) => portable.encodeBase64url(new TextEncoder().encode(text)))).toEqual(expected);
    expect(expected.map((encoded) => portable.decodeBase64urlText(encoded, 64))).toEqual(texts);
    expect(portable.decodeBase64url('AQID', 8)).toEqual(new Uint8Array([1, 2, 3]));
    expect(portable.decodeBase64url('AQID', 8)).not.toBeInstanceOf(Buffer);
    expect(portable.decodeBase64urlText('_w', 8)).toBeUndefined();
  });
});
