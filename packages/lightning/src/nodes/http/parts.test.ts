import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlace } from './address.js';
import { cleanDetail, detailCharsMax } from './detail.js';
import { listOf, need, objectOf, textOf, wholeOf } from './fields.js';
import { LineSplitter } from './lines.js';

describe('the address of a node', () => {
  const refused = expect.objectContaining({ name: 'NodeError', code: 'node_refused' });

  it.each([
    'https://node.example:8080',
    'http://127.0.0.1:9740',
    'http://[::1]:9740',
    'http://localhost',
    'https://proxy.example/lnd',
  ])('may be %s', (url) => {
    expect(readPlace({ name: 'LND', url }).url.href).toContain(url);
  });

  it.each([
    '',
    'node.example:8080',
    'ftp://127.0.0.1',
    'https://user:pass@node.example',
    'https://node.example/?macaroon=02',
    'https://node.example/#x',
    // The credential would cross the network for all to read.
    'http://node.example:8080',
    'http://127.0.0.1.evil.example',
    'http://10.0.0.7:8080',
  ])('may not be %s', (url) => {
    expect(() => readPlace({ name: 'LND', url })).toThrow(refused);
  });

  it('may be plain http elsewhere only when that is said, and never beside a certificate', () => {
    const place = { name: 'LND', url: 'http://10.0.0.7:8080' };
    expect(readPlace({ ...place, plainHttpAllowed: true }).address.port).toBe(8080);
    const tls = { fingerprint: 'ab'.repeat(32) };
    expect(() => readPlace({ ...place, plainHttpAllowed: true, tls })).toThrow(refused);
  });

  it.each([
    { fingerprint: 'ab'.repeat(31) },
    { fingerprint: '' },
    { certificates: '' },
    { certificates: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    { certificates: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' },
  ])('is not taken with a trust that is none: %o', (tls) => {
    expect(() => readPlace({ name: 'LND', url: 'https://node.example', tls })).toThrow(refused);
  });
});

describe('the words of a node', () => {
  it('lose whatever could be a secret, line breaks, and their length', () => {
    const preimage = 'c0ffee'.repeat(11).slice(0, 64);
    expect(cleanDetail(`paid with ${preimage}!`)).toBe('paid with …!');
    expect(cleanDetail('pass word here', ['pass word'])).toBe('… here');
    expect(cleanDetail('one\r\nSet-Cookie: two\u0000\u001b[31m')).toBe('one Set-Cookie: two [31m');
    expect(cleanDetail('x '.repeat(500)).length).toBeLessThanOrEqual(detailCharsMax + 1);
  });

  it('never keep 32 characters of a base64 or hex secret', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uint8Array({ minLength: 32, maxLength: 64 }),
        fc.string(),
        (before, secret, after) => {
          for (const encoding of ['hex', 'base64', 'base64url'] as const) {
            const text = Buffer.from(secret).toString(encoding);
            expect(cleanDetail(`${before}${text}${after}`)).not.toContain(text);
          }
        },
      ),
    );
  });
});

describe('the fields of an answer', () => {
  const object = {
    text: 'a',
    number: 7,
    big: '9007199254740993',
    half: 0.5,
    list: [1],
    object: { text: 'b' },
    nothing: null,
  };

  it('are read by kind, and are undefined where they are another', () => {
    expect([textOf(object, 'text'), textOf(object, 'number'), textOf(object, 'none')]).toEqual([
      'a',
      undefined,
      undefined,
    ]);
    expect([wholeOf(object, 'number'), wholeOf(object, 'big')]).toEqual([7n, 9007199254740993n]);
    for (const key of ['half', 'text', 'nothing', 'none']) expect(wholeOf(object, key)).toBeUndefined();
    expect(wholeOf({ n: 2 ** 53 }, 'n')).toBeUndefined();
    for (const n of ['1e3', ' 1', '0x1', '', '-', '1'.repeat(30)])
      expect(wholeOf({ n }, 'n')).toBeUndefined();
    expect(objectOf(object, 'object')).toEqual({ text: 'b' });
    expect([objectOf(object, 'list'), objectOf(object, 'nothing')]).toEqual([{}, {}]);
    expect([listOf(object, 'list'), listOf(object, 'object')]).toEqual([[1], []]);
  });

  it('that must be there are, or the node misbehaves', () => {
    expect(need('a', 'LND', 'an invoice')).toBe('a');
    expect(() => need(undefined, 'LND', 'an invoice')).toThrow(
      'LND answered without an invoice; check its version.',
    );
  });
});

describe('lines', () => {
  it('are the same however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ').trim());
    fc.assert(
      fc.property(fc.array(line), fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const splitter = new LineSplitter();
        const found: string[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = cuts.next().value ?? 1;
          found.push(...splitter.push(bytes.subarray(at, at + size)));
          at += size;
        }
        found.push(...splitter.rest());
        expect(found).toEqual(lines.filter((each) => each !== ''));
        expect(splitter.pendingBytes).toBe(0);
      }),
    );
  });
});
