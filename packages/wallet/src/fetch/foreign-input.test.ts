import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { Seller } from '../testing/seller.js';
import { createPayingFetch } from './paying-fetch.js';

// The gateway's own copies of two packages that bring or replace the classes of Fetch; what is used of them.
const load = createRequire(new URL('../../../../apps/gateway/package.json', import.meta.url));
interface Undici {
  readonly Request: typeof Request;
  readonly Headers: typeof Headers;
  readonly FormData: typeof FormData;
  install(): void;
}
interface HonoServer {
  getRequestListener(
    answer: (request: Request) => Promise<Response>,
    options?: { overrideGlobalObjects: boolean },
  ): (request: IncomingMessage, response: ServerResponse) => void;
}
const undici: Undici = load('undici');
const hono: HonoServer = load('@hono/node-server');
/** What either of them puts something else in the place of. */
const replaced = [
  ...['fetch', 'Headers', 'Response', 'Request', 'FormData'],
  ...['WebSocket', 'CloseEvent', 'ErrorEvent', 'MessageEvent', 'EventSource'],
];

let seller: Seller;
let purse: TestPurse;
let payingFetch: typeof fetch;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  payingFetch = createPayingFetch({ wallet: purse.wallet });
  // Remembers them as they are, so that they can be put back; a replacement then takes their place.
  for (const name of replaced) vi.stubGlobal(name, Reflect.get(globalThis, name));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  purse.close();
  await seller.close();
});

const install = {
  'as they are': () => undefined,
  'replaced by hono': () => void hono.getRequestListener(async () => new Response()),
  'replaced by undici': () => undici.install(),
};
/** Makes a Request with the constructor that stood there before anything was replaced. */
const makers = { native: Request, undici: undici.Request };
const cases = Object.keys(install).flatMap((globals) =>
  Object.keys(makers).map(
    (maker) => ({ globals, maker }) as { globals: keyof typeof install; maker: keyof typeof makers },
  ),
);

describe.each(cases)('a Request of $maker, the globals $globals', ({ globals, maker }) => {
  beforeEach(() => install[globals]());
  const make = (init: RequestInit) => new makers[maker](`${seller.url}/orders`, init);

  it('is paid as it is, sent twice and left as it was', async () => {
    const given = make({ method: 'PUT', headers: { 'X-Order': '7' }, body: '{"a":1}' });
    expect(await (await payingFetch(given)).text()).toBe('{"rate":1}');
    expect(
      seller.seen.map(({ method, url, body, headers }) => [method, url, body, headers['x-order']]),
    ).toEqual([
      ['PUT', '/orders', '{"a":1}', '7'],
      ['PUT', '/orders', '{"a":1}', '7'],
    ]);
    expect([given.bodyUsed, await given.text()]).toEqual([false, '{"a":1}']);
  });

  it('is given up when its signal says so, before anything is sent', async () => {
    const given = make({ signal: AbortSignal.abort('enough') });
    expect(await failureOf(payingFetch(given))).toMatchObject({
      code: 'aborted',
      cause: 'enough',
      spent: 'no',
    });
    expect([seller.seen.length, purse.node.paid.length]).toEqual([0, 0]);
  });

  it('is refused when its body has been read', async () => {
    const given = make({ method: 'POST', body: 'x' });
    await given.text();
    const { code, message } = await failureOf(payingFetch(given));
    expect([code, message]).toEqual([
      'body_not_replayable',
      'The body of this Request has been used already.',
    ]);
  });

  it('gives way to init, as with fetch', async () => {
    const given = make({ method: 'POST', body: 'other', redirect: 'error' });
    await (await payingFetch(given, { method: 'PATCH', body: 'mine' })).text();
    expect(seller.seen.map(({ method, body }) => [method, body])).toEqual([
      ['PATCH', 'mine'],
      ['PATCH', 'mine'],
    ]);
    seller.behave(({ response }) => void response.writeHead(302, { location: '/search' }).end());
    expect((await failureOf(payingFetch(given))).code).toBe('redirect_refused');
  });
});

describe('a form of another implementation', () => {
  const fill = (form: FormData) => {
    form.set('name', 'alice');
    form.set('file', new Blob(['x']), 'x.txt');
    return form;
  };

  it.each(['as they are', 'replaced by undici'] as const)(
    'is sent as a form, the globals %s',
    async (globals) => {
      const forms = [fill(new undici.FormData()), fill(new FormData())];
      install[globals]();
      for (const body of forms) {
        seller.seen.length = 0;
        await (await payingFetch(seller.url, { method: 'POST', body })).text();
        const [first, second] = seller.seen;
        expect(first?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
        expect(first?.body).toMatch(
          /name="name"\r\n\r\nalice\r\n[\s\S]*filename="x.txt"[\s\S]*\r\n\r\nx\r\n/,
        );
        expect(second?.body).toBe(first?.body);
      }
    },
  );

  it('is refused where it holds what would be sent as its name', async () => {
    const body = { entries: () => [['file', { name: 'x.txt' }]], [Symbol.toStringTag]: 'FormData' };
    const asked = payingFetch(seller.url, { method: 'POST', body: body as unknown as FormData });
    expect((await failureOf(asked)).code).toBe('body_not_replayable');
    expect(seller.seen).toHaveLength(0);
  });
});

describe('a request that is handed on', () => {
  it.each([true, false])(
    'is paid, with what belonged to its connection left out (globals replaced: %s)',
    async (overrideGlobalObjects) => {
      const handOn = createServer(
        hono.getRequestListener((request) => payingFetch(request), { overrideGlobalObjects }),
      );
      await once(handOn.listen(0, '127.0.0.1'), 'listening');
      const { port } = handOn.address() as AddressInfo;
      const { host } = new URL(seller.url);
      try {
        const text = await new Promise<string>((resolve, reject) => {
          // As through a proxy: the request names the seller. Te and Trailer are between these two alone.
          const headers = { host, te: 'trailers', trailer: 'x-sum', 'x-order': '7' };
          const sent = httpRequest(
            { host: '127.0.0.1', port, path: '/orders', method: 'POST', headers },
            (answer) => {
              let said = '';
              answer.setEncoding('utf8').on('data', (part: string) => {
                said += part;
              });
              answer.on('end', () => resolve(said)).on('error', reject);
            },
          );
          sent.on('error', reject).end('{"a":1}');
        });
        expect(text).toBe('{"rate":1}');
        expect(
          seller.seen.map(({ url, body, headers }) => [url, body, headers['x-order'], headers.te]),
        ).toEqual([
          ['/orders', '{"a":1}', '7', undefined],
          ['/orders', '{"a":1}', '7', undefined],
        ]);
      } finally {
        handOn.closeAllConnections();
        handOn.close();
      }
    },
  );
});
