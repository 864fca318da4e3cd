import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config/error.js';
import { checkConfig } from '../config/load.js';
import type { Reply } from '../testing/client.js';
import { challengeOf, openRig, payFor, type Rig, type RigOptions } from '../testing/rig.js';

const page = 'https://page.example';
let rig: Rig | undefined;
let asked: string[] = [];

afterEach(async () => {
  await rig?.close();
  rig = undefined;
  asked = [];
});

async function open(origins: '*' | string[] | undefined, options: RigOptions = {}): Promise<Rig> {
  rig = await openRig({
    listener: (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.setHeader('Access-Control-Allow-Origin', 'https://upstream.example');
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.setHeader('Access-Control-Expose-Headers', 'X-Total');
      response.setHeader('Vary', 'Accept-Encoding');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end('goods');
    },
    ...options,
    config: { ...(origins === undefined ? {} : { cors: { origins } }), ...options.config },
  });
  return rig;
}

const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: [
    ...['Origin', origin, 'Access-Control-Request-Method', 'POST'],
    ...['Access-Control-Request-Headers', 'accept-payment,authorization'],
  ],
});
const from = (origin: string, ...more: string[]) => ({ headers: ['Origin', origin, ...more] });
const allows = (reply: Reply) => reply.fields('access-control-allow-origin');

describe('a page of another origin', () => {
  it('is told that it may ask; the question is not sold and not sent on', async () => {
    const on = await open([page]);
    const answer = await on.ask('/paid/a', preflight(page));
    expect(answer.status).toBe(204);
    expect(allows(answer)).toEqual([page]);
    expect(answer.field('access-control-allow-headers')).toBe('accept-payment,authorization');
    expect(answer.field('access-control-allow-methods')).toContain('POST');
    expect(answer.field('access-control-max-age')).toBe('600');
    expect(answer.field('vary')).toContain('Origin');
    expect(asked).toEqual([]);
    expect(await on.gateway.ledger.totals()).toEqual([]);
  });

  it('reads the 402, pays, and reads the answer with its receipt', async () => {
    const on = await open([page]);
    const unpaid = await on.ask('/paid/a', from(page));
    expect(unpaid.status).toBe(402);
    expect(allows(unpaid)).toEqual([page]);
    expect(unpaid.field('access-control-expose-headers')).toMatch(/^WWW-Authenticate, Payment-Receipt,/);
    const credential = await payFor(on.node, unpaid);
    const paid = await on.ask('/paid/a', from(page, 'Authorization', credential));
    expect(paid.status).toBe(200);
    expect(allows(paid)).toEqual([page]);
    expect(paid.field('payment-receipt')).toBeDefined();
    const again = await on.ask('/paid/a', from(page, 'Authorization', credential));
    expect([again.status, allows(again)]).toEqual([402, [page]]);
  });

  it('hears the gateway and not the upstream, which does not know of the payment', async () => {
    const on = await open([page]);
    const free = await on.ask('/free/a', from(page));
    expect(allows(free)).toEqual([page]);
    expect(free.field('access-control-allow-credentials')).toBeUndefined();
    expect(free.fields('access-control-expose-headers')).toEqual([expect.stringMatching(/, X-Total$/)]);
    expect(free.fields('vary')).toEqual(['Accept-Encoding', 'Origin']);
    expect(free.fields('set-cookie')).toEqual(['a=1', 'b=2']);
  });

  it('gets a kept answer with the same words, once', async () => {
    const on = await open([page], {
      routes: [{ match: 'POST /paid/*', upstream: 'api', price: '1 sat' }],
    });
    const how = { method: 'POST', headers: ['Origin', page, 'Idempotency-Key', 'k'] };
    const credential = await on.buy('/paid/a', how);
    const paid = { ...how, headers: [...how.headers, 'Authorization', credential] };
    const first = await on.ask('/paid/a', paid);
    const second = await on.ask('/paid/a', paid);
    expect(second.field('idempotent-replayed')).toBe('true');
    for (const name of ['access-control-allow-origin', 'access-control-expose-headers', 'vary'])
      expect(second.fields(name)).toEqual(first.fields(name));
    expect(asked).toHaveLength(1);
  });

  it('that is not named reads nothing, whatever the upstream says', async () => {
    const on = await open([page]);
    const other = 'https://evil.example';
    for (const reply of [
      await on.ask('/paid/a', preflight(other)),
      await on.ask('/paid/a', from(other)),
      await on.ask('/free/a', from(other)),
      await on.ask('/nowhere', from(other)),
      await on.ask('/free/a', from(`${page}.evil.example`)),
      await on.ask('/free/a', from('null')),
    ]) {
      expect(allows(reply)).toEqual([]);
      expect(reply.fields('vary').join()).toContain('Origin');
    }
  });

  it('may be any, without cookies, and then caches need not tell them apart', async () => {
    const on = await open('*');
    const free = await on.ask('/free/a', from('https://anybody.example'));
    expect(allows(free)).toEqual(['*']);
    expect(free.fields('vary')).toEqual(['Accept-Encoding']);
    expect(free.field('access-control-allow-credentials')).toBeUndefined();
  });

  it('reads refusals as well: 404, 405, 403', async () => {
    const on = await open([page]);
    expect(allows(await on.ask('/nowhere', from(page)))).toEqual([page]);
    const credential = await on.buy('/paid/a');
    const refused = await on.ask('/paid/b', from(page, 'Authorization', credential));
    expect([refused.status, allows(refused)]).toEqual([403, [page]]);
  });

  it('is not told back names that are none', async () => {
    const on = await open([page]);
    const odd = preflight(page);
    odd.headers[5] = 'a\tb: c';
    const answer = await on.ask('/paid/a', odd);
    expect(answer.field('access-control-allow-headers')).toBeUndefined();
  });
});

describe('without cors', () => {
  it('OPTIONS is a request as others, and upstreams speak for themselves', async () => {
    const on = await open(undefined);
    expect((await on.ask('/paid/a', preflight(page))).status).toBe(402);
    expect(allows(await on.ask('/paid/a', from(page)))).toEqual([]);
    expect(allows(await on.ask('/free/a', from(page)))).toEqual(['https://upstream.example']);
  });
});

describe('with cors', () => {
  it('the documents stay open to all', async () => {
    const on = await open([page]);
    expect(allows(await on.ask('/openapi.json', from('https://anybody.example')))).toEqual(['*']);
  });

  it('an OPTIONS of the API itself is still sold', async () => {
    const on = await open([page]);
    const unpaid = await on.ask('/paid/a', { method: 'OPTIONS' });
    expect(unpaid.status).toBe(402);
    expect(challengeOf(unpaid).method).toBe('lightning');
  });

  it.each([
    ['https://shop.example/', 'a slash at the end'],
    ['https://Shop.example', 'a capital letter'],
    ['https://shop.example:443', 'a port that goes without saying'],
    ['shop.example', 'no scheme'],
    ['null', 'the origin of files'],
  ])('%s is refused: %s', (origin) => {
    const config = {
      realm: 'http://shop.test',
      upstreams: { api: 'http://127.0.0.1:1' },
      routes: [{ match: 'GET /', upstream: 'api', price: 'free' }],
      cors: { origins: [origin] },
    };
    expect(() => checkConfig(config)).toThrow(ConfigError);
    expect(() => checkConfig(config)).toThrow(/cors\.origins/);
  });
});
