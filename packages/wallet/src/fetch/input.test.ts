import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestBodyBytesMax } from '../limits.js';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { Seller } from '../testing/seller.js';
import { createPayingFetch } from './paying-fetch.js';

let seller: Seller;
let purse: TestPurse;
let payingFetch: typeof fetch;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  payingFetch = createPayingFetch({ wallet: purse.wallet });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const bytes = new TextEncoder().encode('{"a":1}');
const form = () => {
  const made = new FormData();
  made.set('name', 'alice');
  made.set('file', new Blob(['x']), 'x.txt');
  return made;
};

describe('what is sent', () => {
  it('is what fetch would have sent, twice, whatever form the arguments have', async () => {
    const url = `${seller.url}/v1/price?x=%2F&y=a+b`;
    const init = { method: 'PUT', headers: { 'X-Order': '7' }, body: 'text' };
    await (await fetch(url, init)).text();
    const [native] = seller.seen;
    for (const args of [
      [url, init],
      [new URL(url), init],
      [new Request(url, init)],
      [new Request(url, { ...init, method: 'POST', body: 'other' }), { method: 'PUT', body: 'text' }],
    ] as const) {
      seller.seen.length = 0;
      const response = await payingFetch(args[0], args[1]);
      expect(await response.text()).toBe('{"rate":1}');
      expect(seller.seen).toHaveLength(2);
      for (const one of seller.seen) {
        expect([one.method, one.url, one.body]).toEqual([native?.method, native?.url, native?.body]);
        expect(one.headers).toMatchObject({
          'x-order': '7',
          'content-type': native?.headers['content-type'],
        });
      }
    }
  });

  it.each([
    ['bytes', () => bytes],
    ['a view', () => new DataView(bytes.buffer)],
    ['a buffer', () => bytes.buffer.slice(0)],
    ['a Blob', () => new Blob([bytes], { type: 'application/json' })],
    ['a form', form],
    ['parameters', () => new URLSearchParams({ a: '1 2' })],
    ['an empty text', () => ''],
  ])('%s: the same bytes and the same type in both requests', async (_name, body) => {
    await (await payingFetch(seller.url, { method: 'POST', body: body() })).text();
    const [first, second] = seller.seen;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['content-type']).toBe(first?.headers['content-type']);
    expect(seller.seen).toHaveLength(2);
  });

  it('leaves out what follows from body and connection, as browsers do', async () => {
    const headers = { 'Content-Length': '4', Connection: 'keep-alive' };
    await (await payingFetch(seller.url, { method: 'POST', body: 'text', headers })).text();
    expect(seller.seen.map(({ body }) => body)).toEqual(['text', 'text']);
  });
});

describe('what the caller gave', () => {
  it('is left as it was', async () => {
    const headers = new Headers({ 'X-A': '1' });
    const init = Object.freeze({ method: 'POST', headers, body: 'text' });
    const before = JSON.stringify([init.method, [...headers]]);
    await (await payingFetch(seller.url, init)).text();
    expect(JSON.stringify([init.method, [...headers]])).toBe(before);
    const request = new Request(seller.url, init);
    await (await payingFetch(request)).text();
    expect(request.bodyUsed).toBe(false);
    expect(await request.text()).toBe('text');
    expect([...request.headers.keys()].sort()).toEqual(['content-type', 'x-a']);
  });

  it('can be changed during the call, without effect on the paid request', async () => {
    const headers: Record<string, string> = { 'X-Order': 'mine' };
    const body = Uint8Array.from(bytes);
    const asked = payingFetch(seller.url, { method: 'POST', headers, body });
    headers['X-Order'] = 'changed';
    body.fill(0);
    await (await asked).text();
    expect(seller.seen.map((one) => [one.headers['x-order'], one.body])).toEqual([
      ['mine', '{"a":1}'],
      ['mine', '{"a":1}'],
    ]);
  });
});

describe('what cannot be sent twice', () => {
  const stream = () => new Blob(['x']).stream();
  it.each<[string, () => RequestInit & { duplex?: string }]>([
    ['a stream', () => ({ body: stream(), duplex: 'half' })],
    ['an iterator', () => ({ body: (async function* () {})() as unknown as ReadableStream, duplex: 'half' })],
    ['the stream of a Request', () => new Request(seller.url, { method: 'POST', body: 'x' })],
  ])('%s is refused before anything is sent', async (_name, init) => {
    const made = init();
    const asked = payingFetch(seller.url, made instanceof Request ? made : { method: 'POST', ...made });
    expect(await failureOf(asked)).toMatchObject({
      code: 'body_not_replayable',
      outcome: 'not-sent',
      retry: 'never',
    });
    expect(seller.seen).toHaveLength(0);
  });

  it('a Request made from a stream is read to its end first, and can then be sent twice', async () => {
    const init = { method: 'POST', body: stream(), duplex: 'half' } as const;
    await (await payingFetch(new Request(seller.url, init))).text();
    expect(seller.seen.map(({ body }) => body)).toEqual(['x', 'x']);
  });

  it('an endless one is refused, and read no further', async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(100_000));
      },
    });
    const request = new Request(seller.url, { method: 'POST', body: endless, duplex: 'half' });
    expect((await failureOf(payingFetch(request))).code).toBe('body_too_large');
    expect(pulled).toBeLessThan(30);
    expect(seller.seen).toHaveLength(0);
  });

  it('one that never comes can be given up', async () => {
    const never = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
    const request = new Request(seller.url, { method: 'POST', body: never, duplex: 'half' });
    const controller = new AbortController();
    const asked = payingFetch(request, { signal: controller.signal });
    controller.abort('enough');
    expect(await failureOf(asked)).toMatchObject({ code: 'aborted', cause: 'enough' });
  });

  it('one that breaks off is refused', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    const request = new Request(seller.url, { method: 'POST', body: broken, duplex: 'half' });
    expect((await failureOf(payingFetch(request))).code).toBe('body_not_replayable');
  });

  it('a used Request, a body that is too large, what is no request at all', async () => {
    const used = new Request(seller.url, { method: 'POST', body: 'x' });
    await used.text();
    expect((await failureOf(payingFetch(used))).code).toBe('body_not_replayable');
    const large = new Uint8Array(requestBodyBytesMax + 1);
    expect((await failureOf(payingFetch(seller.url, { method: 'POST', body: large }))).code).toBe(
      'body_too_large',
    );
    for (const [url, init] of [
      ['/relative', {}],
      [seller.url, { method: 'CONNECT' }],
      [seller.url, { method: 'GET', body: 'x' }],
      ['file:///etc/passwd', {}],
      ['http://user:secret@127.0.0.1/', {}],
      [seller.url, { integrity: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }],
      [seller.url, { mode: 'no-cors' }],
    ] as const) {
      expect((await failureOf(payingFetch(url, init))).code).toBe('invalid_request');
    }
    expect(seller.seen).toHaveLength(0);
  });
});
