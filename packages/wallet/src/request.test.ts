import { describe, expect, it } from 'vitest';
import { WalletError } from './errors.js';
import { requestBodyBytesMax } from './limits.js';
import { fingerprint, isSecure, type PayableRequest, prepareRequest } from './request.js';
import { isSecretHeader, withholdSecrets } from './secret-headers.js';

function codeOf(request: PayableRequest): string {
  try {
    prepareRequest(request);
  } catch (error) {
    if (error instanceof WalletError) return error.code;
    throw error;
  }
  return 'none';
}

const url = 'https://api.example.com/a?b=1';

describe('prepareRequest', () => {
  it('keeps the URL, the method, the order of headers and the bytes', () => {
    const prepared = prepareRequest({
      url,
      headers: [
        ['X-B', '1'],
        ['x-a', '2'],
        ['X-B', '3'],
      ],
      body: 'é',
    });
    expect(prepared).toMatchObject({
      url,
      method: 'POST',
      headers: [
        ['X-B', '1'],
        ['x-a', '2'],
        ['X-B', '3'],
      ],
    });
    expect(prepared.body).toEqual(new Uint8Array([0xc3, 0xa9]));
    expect(prepareRequest({ url }).method).toBe('GET');
  });

  it('takes a copy of the body: what the caller changes later changes nothing', () => {
    const body = new Uint8Array([1, 2, 3]);
    const prepared = prepareRequest({ url, body });
    body[0] = 9;
    expect(prepared.body).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('refuses bodies that can be read only once, before anything is sent', () => {
    for (const body of [new ReadableStream(), new Blob(['x']), new FormData(), 7]) {
      // What a caller without types can pass.
      expect(codeOf({ url, method: 'POST', body: body as unknown as string })).toBe('body_not_replayable');
    }
    expect(codeOf({ url, body: new Uint8Array(requestBodyBytesMax + 1) })).toBe('body_too_large');
  });

  it.each([
    [{ url: 'not a url' }],
    [{ url: 'ftp://example.com/' }],
    [{ url: 'https://user:pass@example.com/' }],
    [{ url, method: 'CONNECT' }],
    [{ url, method: 'GE T' }],
    [{ url, method: 'GET', body: 'x' }],
    [{ url, headers: { 'Content-Length': '3' } }],
    [{ url, headers: { Host: 'other.example' } }],
    [{ url, headers: { 'X-A': 'one\r\nX-B: two' } }],
    [{ url, headers: { 'X A': '1' } }],
    [{ url, headers: { 'X-A': 'snow ☃' } }],
  ] satisfies [PayableRequest][])('refuses %j', (request) => {
    expect(codeOf(request)).toBe('invalid_request');
  });
});

describe('isSecure', () => {
  it.each([
    'https://a.example/',
    'http://localhost:1/',
    'http://127.0.0.1/',
    'http://127.9.9.9/',
    'http://[::1]:2/',
  ])('trusts %s', (text) => expect(isSecure(text)).toBe(true));
  it.each([
    'http://a.example/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://10.0.0.1/',
    'http://[::2]/',
    'http://0.0.0.0/',
  ])('does not trust %s', (text) => expect(isSecure(text)).toBe(false));
});

describe('fingerprint', () => {
  it('tells requests apart by method, URL, content type and body', async () => {
    const variants: PayableRequest[] = [
      { url },
      { url: `${url}&c` },
      { url, method: 'DELETE' },
      { url, body: '1' },
      { url, body: '2' },
      { url, body: '1', headers: { 'content-type': 'text/plain' } },
    ];
    const prints = await Promise.all(variants.map((one) => fingerprint(prepareRequest(one))));
    expect(new Set(prints).size).toBe(variants.length);
    expect(await fingerprint(prepareRequest({ url, headers: { 'x-api-key': 'k' } }))).toBe(prints[0]);
  });
});

describe('secret headers', () => {
  it.each([
    'Authorization',
    'Cookie',
    'X-API-Key',
    'api_key',
    'X-Auth-Token',
    'x-session',
    'X-Signature',
    'PRIVATE-TOKEN',
  ])('does not store %s', (name) => expect(isSecretHeader(name)).toBe(true));
  it.each(['Content-Type', 'Accept', 'Idempotency-Key', 'X-Payment-Method', 'X-Keyboard', 'User-Agent'])(
    'stores %s',
    (name) => expect(isSecretHeader(name)).toBe(false),
  );
  it('keeps the names of what it withholds', () => {
    expect(
      withholdSecrets([
        ['Accept', 'a'],
        ['X-API-Key', 'secret'],
        ['x-api-key', 'other'],
      ]),
    ).toEqual({
      kept: [['Accept', 'a']],
      withheld: ['x-api-key'],
    });
  });
});
