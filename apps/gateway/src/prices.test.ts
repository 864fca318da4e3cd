import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRequest } from '@farebox/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from './testing/client.js';
import { challengeOf, openRig, payFor, type Rig, type RigOptions, until } from './testing/rig.js';

let folder = '';
let rig: Rig | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-prices-'));
});

afterAll(() => rm(folder, { recursive: true }));

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function open(options: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}

function satoshis(reply: Reply): unknown {
  return decodeRequest(challengeOf(reply).request)?.amount;
}

describe('a price by request', () => {
  const routes = [
    {
      match: 'ANY /paid/*',
      upstream: 'api',
      price: '1 sat',
      prices: [
        { when: { body: { '/model': 'large' } }, price: '20 sat' },
        { when: { body_bytes: 1_000 }, price: '7 sat' },
        { when: { query: { size: '4k' } }, price: '5 sat' },
        { when: { method: 'DELETE' as const, path: '/paid/all/*' }, price: '9 sat' },
      ],
    },
  ];
  const json = ['Content-Type', 'application/json'];
  const post = (body: string, headers: readonly string[] = json) => ({ method: 'POST', body, headers });

  it('is what the table says', async () => {
    const on = await open({ routes });
    expect(satoshis(await on.ask('/paid/a'))).toBe('1');
    expect(satoshis(await on.ask('/paid/a?size=4k'))).toBe('5');
    expect(satoshis(await on.ask('/paid/a', post('{"model":"large"}')))).toBe('20');
    expect(satoshis(await on.ask('/paid/a', post(JSON.stringify({ a: 'x'.repeat(1_000) }))))).toBe('7');
    expect(satoshis(await on.ask('/paid/all/things', { method: 'DELETE' }))).toBe('9');
    expect((await on.askPaid('/paid/a', post('{"model":"large"}'))).status).toBe(200);
    const totals = await on.gateway.ledger.totals();
    expect(totals.map(({ paid }) => paid)).toEqual([{ amount: 20n, currency: 'sat' }]);
  });

  it('does not buy with the small request’s credential what the large one costs', async () => {
    const on = await open({ routes });
    const cheap = [
      'Authorization',
      await payFor(on.node, await on.ask('/paid/a', post('{"model":"small"}'))),
    ];
    const swapped = await on.ask('/paid/a', post('{"model":"large"}', [...json, ...cheap]));
    expect(swapped.status).toBe(402);
    expect(satoshis(swapped)).toBe('20');
    expect((await on.ask('/paid/a', post('{"model":"small"}', [...json, ...cheap]))).status).toBe(200);
  });

  it('refuses what could be read in two ways, before anybody is asked for an invoice', async () => {
    const on = await open({ routes });
    const twice = await on.ask('/paid/a?size=2k&size=4k');
    expect(twice.status).toBe(400);
    expect(twice.json().detail).toMatch(/size twice/);
    expect((await on.ask('/paid/a?x=1;size=4k')).status).toBe(400);
    const body = await on.ask('/paid/a', post('{"model":"small","model":"large"}'));
    expect(body.status).toBe(400);
    expect((await on.ask('/paid/a', post('model=large'))).status).toBe(400);
  });

  it('refuses a body that its fields make another one, unpaid and paid', async () => {
    let served = 0;
    const on = await open({
      routes,
      listener: (_request, response) => {
        served += 1;
        response.end('bought');
      },
    });
    // To a server that reads forms the model is large; to JSON it is one member.
    const body = '{"a":"&model=large&b="}';
    const strange = [
      [],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Type', 'application/json; charset=utf-7'],
      [...json, 'Content-Type', 'application/x-www-form-urlencoded'],
      [...json, 'Content-Encoding', 'gzip'],
      [...json, 'Connection', 'Content-Type'],
    ];
    const credential = ['Authorization', await on.buy('/paid/a', post(body))];
    for (const headers of strange) {
      const unpaid = await on.ask('/paid/a', post(body, headers));
      expect([unpaid.status, unpaid.field('www-authenticate')], headers.join()).toEqual([400, undefined]);
      const paid = await on.ask('/paid/a', post(body, [...headers, ...credential]));
      expect(paid.status, headers.join()).toBe(400);
      expect(paid.json().detail).toMatch(/one Content-Type, application\/json/);
    }
    expect(served).toBe(0);
    expect((await on.ask('/paid/a', post(body, [...json, ...credential]))).status).toBe(200);
    expect((await on.askPaid('/paid/a')).status).toBe(200);
    expect(served).toBe(2);
  });

  it('leaves the type of a body alone where no row looks into it', async () => {
    const on = await open({
      routes: [
        {
          match: 'POST /paid/*',
          upstream: 'api',
          price: '1 sat',
          prices: [{ when: { body_bytes: 10 }, price: '2 sat' }],
        },
      ],
    });
    expect((await on.askPaid('/paid/a', post('a=b&c=d&e=f', []))).status).toBe(200);
  });
});

describe('a price in a currency', () => {
  const routes = [{ match: 'GET /paid/*', upstream: 'api', price: '0.002 USD' }];

  it('is paid in satoshis, and its challenge says how many', async () => {
    const on = await open({ routes, config: { rates: { USD: { fixed: 65_000 } } } });
    const unpaid = await on.ask('/paid/a');
    expect(satoshis(unpaid)).toBe('4');
    expect(unpaid.field('www-authenticate')).toContain('amount="4"');
    expect((await on.askPaid('/paid/a')).status).toBe(200);
  });

  it('goes into the books with the rate that its challenge was quoted at', async () => {
    let perBtc = 65_000.5;
    const on = await open({
      routes,
      listener: (request, response) =>
        void response.end(request.url === '/rates?of=btc' ? JSON.stringify({ usd: perBtc }) : 'bought'),
      config: { rates: { USD: { upstream: 'api', path: '/rates?of=btc', at: '/usd', every: '20ms' } } },
    });
    const unpaid = await on.ask('/paid/a');
    expect(satoshis(unpaid)).toBe('4');
    const credential = await payFor(on.node, unpaid);
    perBtc = 32_500;
    await until('the new rate sells', async () => satoshis(await on.ask('/paid/b')) === '7');
    expect((await on.ask('/paid/a', { headers: ['Authorization', credential] })).status).toBe(200);
    const claim = await on.gateway.ledger.find(challengeOf(unpaid).id);
    expect(claim?.paid).toEqual({ amount: 4n, currency: 'sat' });
    expect(claim?.rate).toMatchObject({ price: '0.002', currency: 'USD', rate: '65000.5', unit: 'BTC' });
  });

  it('is not sold while the rate is too old, honours what it has quoted, and is sold again', async () => {
    const file = join(folder, 'rate.json');
    await writeFile(file, '{"usd":65000}');
    let offsetMs = 0;
    const on = await open({
      routes,
      config: { challenge_life: '1h', rates: { USD: { file, at: '/usd', every: '20ms', max_age: '10m' } } },
      dependencies: { now: () => Date.now() + offsetMs },
    });
    const credential = await payFor(on.node, await on.ask('/paid/a'));
    offsetMs = 11 * 60_000;
    const stale = await on.ask('/paid/b');
    expect(stale.status).toBe(500);
    expect(stale.json().type).toContain('payment-service-unavailable');
    expect((await on.ask('/paid/a', { headers: ['Authorization', credential] })).status).toBe(200);
    await utimes(file, (Date.now() + offsetMs) / 1_000, (Date.now() + offsetMs) / 1_000);
    await until('the fresh rate sells', async () => (await on.ask('/paid/b')).status === 402);
  });

  it('is not sold while there never was a rate', async () => {
    const on = await open({ routes, config: { rates: { USD: { file: '/nowhere/rate.json' } } } });
    expect((await on.ask('/paid/a')).status).toBe(500);
  });
});
