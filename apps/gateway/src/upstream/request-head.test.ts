import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { announcedBytes, requestHead } from './request-head.js';
import { get } from './testing/exchange-once.js';

describe('requestHead', () => {
  it('writes the request line, the fields as they are, and nothing it was not asked for', () => {
    expect(requestHead(get({ target: '/a?b=c', headers: ['Host', 'a.test', 'X-Own', 'b\xe9 c'] }))).toBe(
      'GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nX-Own: b\xe9 c\r\n\r\n',
    );
  });

  it.each([
    ['no body', get(), ''],
    ['no body where one is expected', get({ method: 'POST' }), 'Content-Length: 0\r\n'],
    ['no body with DELETE', get({ method: 'DELETE' }), ''],
    ['an empty body', get({ method: 'PUT', body: Buffer.alloc(0) }), 'Content-Length: 0\r\n'],
    ['a body', get({ method: 'PATCH', body: Buffer.from('four') }), 'Content-Length: 4\r\n'],
    ['a stream', get({ method: 'POST', body: new PassThrough() }), 'Transfer-Encoding: chunked\r\n'],
    ['a connection of its own', get({ fresh: true }), 'Connection: close\r\n'],
  ])('%s', (_name, request, framing) => {
    expect(requestHead(request)).toBe(`${request.method} / HTTP/1.1\r\nHost: a.test\r\n${framing}\r\n`);
  });

  it('a stream with its length goes with that, once', () => {
    const request = get({ method: 'POST', headers: ['content-length', '12'], body: new PassThrough() });
    expect(requestHead(request)).toBe('POST / HTTP/1.1\r\ncontent-length: 12\r\n\r\n');
    expect(announcedBytes(request)).toBe(12);
    expect(announcedBytes({ ...request, headers: ['X', 'Content-Length'] })).toBeUndefined();
  });

  it.each([
    ['a line break in a value', get({ headers: ['X', 'a\r\nY: b'] })],
    ['a bare LF in a value', get({ headers: ['X', 'a\nY: b'] })],
    ['a bare CR in a value', get({ headers: ['X', 'a\rb'] })],
    ['NUL in a value', get({ headers: ['X', 'a\0b'] })],
    ['DEL in a value', get({ headers: ['X', 'a\x7fb'] })],
    ['a character above Latin-1 whose low byte is LF', get({ headers: ['X', 'a\u010ab'] })],
    ['a colon in a name', get({ headers: ['X:', 'a'] })],
    ['an empty name', get({ headers: ['', 'a'] })],
    ['a line break in a name', get({ headers: ['X\r\nY', 'a'] })],
    ['a space in the target', get({ target: '/a HTTP/1.1\r\nX: b' })],
    ['an empty target', get({ target: '' })],
    ['a target above Latin-1', get({ target: '/\u0120' })],
    ['a space in the method', get({ method: 'GET /x' })],
    ['an empty method', get({ method: '' })],
    ['Transfer-Encoding', get({ headers: ['transfer-encoding', 'chunked'] })],
    ['Connection', get({ headers: ['connection', 'close'] })],
    ['Expect', get({ headers: ['Expect', '100-continue'] })],
    ['Upgrade', get({ headers: ['Upgrade', 'h2c'] })],
    ['a length without a stream', get({ headers: ['Content-Length', '5'] })],
    ['a length beside a body', get({ headers: ['Content-Length', '5'], body: Buffer.from('12345') })],
    [
      'two lengths',
      get({ headers: ['Content-Length', '5', 'content-length', '5'], body: new PassThrough() }),
    ],
    ['a length that is none', get({ headers: ['Content-Length', '5, 5'], body: new PassThrough() })],
  ])('never %s', (_name, request) => {
    expect(requestHead(request)).toBeUndefined();
  });

  it('whatever it is given, it ends once, at its end', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ':', ' ', '\r', '\n', '\0', '\t', '/', '\xff', '\u010d'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, text, fc.array(fc.tuple(text, text), { maxLength: 4 }), (method, target, fields) => {
        const written = requestHead(get({ method, target, headers: fields.flat() }));
        if (written === undefined) return;
        expect(written.indexOf('\r\n\r\n')).toBe(written.length - 4);
        expect(written.split('\r\n')).toHaveLength(fields.length + 3);
        expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
