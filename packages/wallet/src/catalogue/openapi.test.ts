import { describe, expect, it } from 'vitest';
import { readOpenApi } from './openapi.js';

const at = 'https://api.example.com/openapi.json';
const offer = { intent: 'charge', method: 'lightning', amount: '1', currency: 'sat' };
const document = (paths: object, more: object = {}) =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Example', version: '1' }, paths, ...more });

function entries(paths: object, more: object = {}) {
  const read = readOpenApi(document(paths, more), at);
  if (!read.ok) throw new Error(read.detail);
  return read.value.entries;
}

describe('x-payment-info (draft-payment-discovery-00)', () => {
  it('with several offers', () => {
    const info = {
      offers: [
        offer,
        { ...offer, method: 'tempo', amount: '500', currency: '0x20c0', description: 'in dollars' },
      ],
    };
    const [entry] = entries({
      '/v1/price': { get: { summary: 'A price', 'x-payment-info': info, tags: ['bitcoin'] } },
    });
    expect(entry).toMatchObject({
      origin: 'https://api.example.com',
      method: 'GET',
      url: 'https://api.example.com/v1/price',
      description: 'A price',
      tags: ['bitcoin'],
      body: false,
      offers: [
        { method: 'lightning', intent: 'charge', amount: 1n, currency: 'sat' },
        { method: 'tempo', amount: 500n, description: 'in dollars' },
      ],
    });
  });

  it('with one offer, in the short form', () => {
    expect(entries({ '/a': { post: { 'x-payment-info': offer, requestBody: {} } } })).toMatchObject([
      { method: 'POST', body: true, offers: [{ amount: 1n }] },
    ]);
  });

  it('with a price that depends on the request, and without a currency', () => {
    const { currency: _none, ...dynamic } = { ...offer, amount: null };
    expect(entries({ '/a': { get: { 'x-payment-info': dynamic } } })[0]?.offers).toMatchObject([
      { amount: undefined, currency: undefined },
    ]);
  });

  it.each([
    ['a leading zero', { ...offer, amount: '01' }],
    ['a sign', { ...offer, amount: '-1' }],
    ['a fraction', { ...offer, amount: '1.5' }],
    ['a number', { ...offer, amount: 1 }],
    ['no amount', { intent: 'charge', method: 'lightning' }],
    ['no method', { intent: 'charge', amount: '1' }],
    ['a method that is none', { ...offer, method: 'Light ning' }],
    ['too many digits', { ...offer, amount: '9'.repeat(60) }],
    ['no object', 'free'],
    ['an empty list', { offers: [] }],
  ])('with %s is no offer', (_name, info) => {
    const read = readOpenApi(document({ '/a': { get: { 'x-payment-info': info } } }), at);
    expect(read).toMatchObject({ ok: true, value: { entries: [], skipped: 1 } });
  });

  it('leaves out what is not sold, and what is no operation', () => {
    expect(
      entries({ '/free': { get: {} }, '/odd': { 'x-payment-info': offer, parameters: [] }, '/text': 'x' }),
    ).toEqual([]);
  });
});

describe('addresses', () => {
  const urlOf = (path: string, servers?: unknown) =>
    entries(
      { [path]: { get: { 'x-payment-info': offer } } },
      { ...(servers !== undefined && { servers }) },
    )[0]?.url;

  it('are filled in with the examples of the document, and stay what they are', () => {
    const parameter = (name: string, example: unknown) => ({ in: 'path', name, example });
    const exampleOf = (path: string, parameters: unknown[]) =>
      entries({ [path]: { parameters, get: { 'x-payment-info': offer } } })[0];
    expect(exampleOf('/v1/{path}', [parameter('path', 'a b/c?d')])).toMatchObject({
      url: 'https://api.example.com/v1/{path}',
      exampleUrl: 'https://api.example.com/v1/a%20b/c%3Fd',
    });
    expect(exampleOf('/v1/{n}', [{ in: 'path', name: 'n', schema: { example: 7 } }])?.exampleUrl).toBe(
      'https://api.example.com/v1/7',
    );
    for (const example of [undefined, '', '../admin', 'x'.repeat(300), { a: 1 }, '\ud800'])
      expect(exampleOf('/v1/{path}', [parameter('path', example)])?.exampleUrl).toBe(
        'https://api.example.com/v1/{path}',
      );
    const many = `/${'{a}'.repeat(600)}`;
    expect(exampleOf(many, [parameter('a', '€'.repeat(200))])?.exampleUrl).toBe(
      `https://api.example.com${many}`,
    );
  });

  it('keep their templates, and start at the first server', () => {
    expect(urlOf('/v1/{address}/x')).toBe('https://api.example.com/v1/{address}/x');
    expect(urlOf('/x', [{ url: '/base' }])).toBe('https://api.example.com/base/x');
    expect(urlOf('/x', [{ url: 'https://other.example/v2/' }])).toBe('https://other.example/v2/x');
  });

  it.each([
    ['a server with variables', '/x', [{ url: 'https://{host}/' }], 'https://api.example.com/x'],
    ['a server that is none', '/x', 'oops', 'https://api.example.com/x'],
    ['a script', '/x', [{ url: 'javascript:alert(1)' }], undefined],
    ['a password', '/x', [{ url: 'https://a:b@other.example' }], undefined],
    ['a path without a slash', 'x', undefined, undefined],
    ['a very long path', `/${'x'.repeat(3_000)}`, undefined, undefined],
  ])('%s', (_name, path, servers, expected) => {
    expect(urlOf(path, servers)).toBe(expected);
  });
});

describe('texts and sizes', () => {
  it('are shown without control characters, and short', () => {
    const [entry] = entries({
      '/a': { get: { summary: `\u001b[31mred\u202e${'x'.repeat(5_000)}`, 'x-payment-info': offer } },
    });
    expect(entry?.description.length).toBeLessThan(600);
    for (const hidden of ['\u001b', '\u202e']) expect(entry?.description).not.toContain(hidden);
  });

  it('parameters come by name, from path and operation', () => {
    const [entry] = entries({
      '/a/{id}': {
        parameters: [{ in: 'path', name: 'id' }],
        get: {
          parameters: [{ in: 'query', name: 'limit' }, { in: 'header', name: 'X' }, null],
          'x-payment-info': offer,
        },
      },
    });
    expect(entry?.parameters).toEqual(['id', 'limit']);
  });

  it('more operations than are taken are counted', () => {
    const paths = Object.fromEntries(
      Array.from({ length: 2_010 }, (_, at) => [`/${at}`, { get: { 'x-payment-info': offer } }]),
    );
    expect(readOpenApi(document(paths), at)).toMatchObject({ ok: true, value: { skipped: 10 } });
  });

  it.each([['{'], ['[]'], ['{"swagger":"2.0"}'], ['{"openapi":"2.0"}'], ['null']])(
    '%s is no such document',
    (text) => {
      expect(readOpenApi(text, at)).toMatchObject({ ok: false, code: 'catalogue_malformed' });
    },
  );

  it('a hostile document cannot reach prototypes', () => {
    const text = `{"openapi":"3.1.0","paths":{"__proto__":{"get":{"x-payment-info":${JSON.stringify(offer)}}}}}`;
    expect(readOpenApi(text, at)).toMatchObject({ ok: true, value: { entries: [] } });
    expect(Object.hasOwn(Object.prototype, 'get')).toBe(false);
  });
});
