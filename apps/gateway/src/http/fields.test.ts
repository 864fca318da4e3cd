import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeRaw } from '../testing/client.js';
import { openRig, type Rig, type RigOptions } from '../testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** A rig whose upstream notes the header sections that reach it. */
async function noting(): Promise<Rig & { readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  const made = await opened({
    listener: (request, response) => {
      seen.push(request.headers);
      response.end('ok');
    },
  });
  return { ...made, seen };
}

describe('what the upstream is told', () => {
  it('no payment, no hop-by-hop fields, and our own word about the client', async () => {
    const { buy, ask, seen, upstream, port } = await noting();
    const headers = [
      ...[
        'Authorization',
        await buy('/paid/price'),
        'Accept-Payment',
        'lightning/charge',
        'X-Payment',
        'x402',
      ],
      ...['X-Forwarded-For', '10.0.0.1', 'X-Real-IP', '10.0.0.1', 'Forwarded', 'for=10.0.0.1'],
      ...['Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=5', 'TE', 'trailers'],
      ...['Proxy-Authorization', 'Basic x', 'X-Own', 'kept', 'Cookie', 'a=b', 'Farebox-Payment', 'forged'],
    ];
    expect((await ask('/paid/price', { headers })).status).toBe(200);
    const [told] = seen;
    for (const name of [
      ...['authorization', 'accept-payment', 'x-payment', 'x-real-ip', 'forwarded', 'x-hop', 'te'],
      ...['proxy-authorization', 'keep-alive', 'farebox-payment', 'payment-authorization'],
    ]) {
      expect(told, name).not.toHaveProperty(name);
    }
    expect(told).toMatchObject({
      host: upstream.url.slice('http://'.length),
      'x-own': 'kept',
      cookie: 'a=b',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `127.0.0.1:${port}`,
    });
  });

  it('Connection cannot take out what the gateway writes', async () => {
    const { ask, seen } = await noting();
    const headers = ['Connection', 'close, Host, X-Forwarded-For, Content-Length'];
    expect((await ask('/free/x', { method: 'POST', body: 'four', headers })).status).toBe(200);
    expect(seen[0]).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'content-length': '4' });
    expect(seen[0]?.host).toBeDefined();
  });

  it('a Payment credential never reaches a free upstream either', async () => {
    const { ask, seen } = await noting();
    await ask('/free/x', {
      headers: ['Authorization', 'payment abc', 'Payment-Authorization', 'Payment def'],
    });
    expect(seen[0]).not.toHaveProperty('authorization');
    expect(seen[0]).not.toHaveProperty('payment-authorization');
  });
});

describe('what an upstream cannot say', () => {
  it('receipts, challenges, caching of paid answers, hop-by-hop fields', async () => {
    const { askPaid } = await opened({
      listener: (_request, response) => {
        response.writeHead(200, [
          ...['Payment-Receipt', 'forged', 'WWW-Authenticate', 'Payment id="x"', 'Farebox-Payment', 'forged'],
          ...[
            'Cache-Control',
            'public',
            'Expires',
            'Thu, 01 Jan 2099 00:00:00 GMT',
            'CDN-Cache-Control',
            'max-age=9',
            'Cloudflare-CDN-Cache-Control',
            'public, max-age=9',
            'X-Accel-Expires',
            '9',
          ],
          ...['RateLimit', '"up";r=0;t=9', 'RateLimit-Policy', '"up";q=1', 'Ratelimit-Remaining', '0'],
          ...['Connection', 'X-Hop', 'X-Hop', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Own', 'kept'],
        ]);
        response.end('ok');
      },
    });
    const reply = await askPaid('/paid/price');
    expect(reply.fields('payment-receipt')).toHaveLength(1);
    expect(reply.field('payment-receipt')).not.toBe('forged');
    for (const name of [
      'www-authenticate',
      'farebox-payment',
      'expires',
      'cdn-cache-control',
      'x-hop',
      'x-accel-expires',
      'cloudflare-cdn-cache-control',
    ]) {
      expect(reply.field(name), name).toBeUndefined();
    }
    // Its limits are on the gateway.
    for (const name of ['ratelimit', 'ratelimit-policy', 'ratelimit-remaining'])
      expect(reply.field(name), name).toBeUndefined();
    expect(reply.fields('cache-control')).toEqual(['private']);
    expect(reply.fields('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(reply.field('x-own')).toBe('kept');
  });

  it('a receipt on a free route; its other challenges and caching pass', async () => {
    const { ask } = await opened({
      listener: (_request, response) => {
        response.writeHead(401, [
          ...['Payment-Receipt', 'forged', 'WWW-Authenticate', 'Basic realm="x"'],
          ...['WWW-Authenticate', 'Bearer, Payment id="x"', 'Cache-Control', 'public'],
        ]);
        response.end();
      },
    });
    const reply = await ask('/free/x');
    expect(reply.status).toBe(401);
    expect(reply.field('payment-receipt')).toBeUndefined();
    expect(reply.fields('www-authenticate')).toEqual(['Basic realm="x"']);
    expect(reply.field('cache-control')).toBe('public');
  });
});

describe('smuggling', () => {
  it.each([
    [
      'Content-Length and Transfer-Encoding',
      'POST /paid/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /paid/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    ],
    [
      'an odd transfer coding',
      'POST /paid/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    ],
    ['a space before the colon', 'GET /paid/x HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a folded field', 'GET /paid/x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n'],
    ['no Host', 'GET /paid/x HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET /paid/x HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['bare garbage', '\x00\x01\x02 nonsense\r\n\r\n'],
  ])('%s: 400, and nothing reaches the upstream', async (_name, bytes) => {
    let reached = 0;
    const { port } = await opened({
      listener: (_request, response) => {
        reached += 1;
        response.end();
      },
    });
    const text = await exchangeRaw(port, bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(reached).toBe(0);
  });

  it('a header section above the limit: 431', async () => {
    const { port } = await opened({ config: { limits: { header_bytes: 2_048 } } });
    const text = await exchangeRaw(
      port,
      `GET /paid/x HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(3_000)}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('CONNECT: 405', async () => {
    const { port } = await opened();
    expect(await exchangeRaw(port, 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });

  it('what is left of a refused body is not taken for a request', async () => {
    const { port } = await opened();
    const bytes =
      'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nGET /free/x HTTP/1.1\r\nHost: a\r\n\r\n';
    const text = await exchangeRaw(port, bytes);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('one spelling of a path', () => {
  const corpus = [
    ...['/paid//price', '//paid/price', '/paid/./price', '/paid/../paid/price', '/free/../paid/price'],
    ...['/paid/%2e%2e/x', '/paid%2fprice', '/paid%2Fprice', '/paid%5Cprice', '/paid\\price', '/%70aid/price'],
    ...[
      '/paid/%00',
      '/paid/%0a',
      '/paid/..;/x',
      '/paid/.;a/x',
      '/paid/%',
      '/paid/%zz',
      '/paid/%252e',
      '/paid/%c3%a4',
    ],
    ...[
      '/free/%2e%2e/paid/price',
      '/free/..%2fpaid/price',
      '/free/..%5cpaid/price',
      '/free\\..\\paid\\price',
    ],
  ];
  it.each(corpus)('%s is refused and served by nobody', async (path) => {
    let reached = 0;
    const { port } = await opened({
      listener: (_request, response) => {
        reached += 1;
        response.end();
      },
    });
    const text = await exchangeRaw(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 (?:400|404) /);
    expect(reached).toBe(0);
  });

  it.each(['/paid/a%20b', '/paid/a;v=1', '/paid/%C3%A4', '/paid/a:b@c'])(
    '%s is sold, not let through',
    async (path) => {
      const { ask } = await opened();
      expect((await ask(path)).status).toBe(402);
    },
  );

  it('/PAID and /paid/ are not /paid', async () => {
    const { ask } = await opened({ routes: [{ match: 'GET /paid', upstream: 'api', price: '1 sat' }] });
    expect((await ask('/PAID')).status).toBe(404);
    expect((await ask('/paid/')).status).toBe(404);
    expect((await ask('/paid')).status).toBe(402);
  });
});

describe('Expect: 100-continue', () => {
  it('is answered before a body that is wanted, and not before one that is too large', async () => {
    const { port } = await opened({
      routes: [{ match: 'POST /paid/x', upstream: 'api', price: '1 sat', body: { max_bytes: 10 } }],
    });
    const head = (length: number) =>
      `POST /paid/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    expect(await exchangeRaw(port, `${head(4)}four`)).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 402 /,
    );
    expect(await exchangeRaw(port, head(11))).toMatch(/^HTTP\/1\.1 413 /);
  });
});
