import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { honest, Seller } from '../testing/seller.js';
import { createPayingFetch, type PayingFetch } from './paying-fetch.js';
import { redirectsMax } from './redirect.js';

let seller: Seller;
let purse: TestPurse;
let payingFetch: PayingFetch;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  payingFetch = createPayingFetch({ wallet: purse.wallet });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const to = (status: number, location: string) =>
  seller.behave((turn) => {
    if (turn.seen.url === '/new?q=1') return honest(turn);
    return void turn.response.writeHead(status, { location }).end();
  });
const urls = () => seller.seen.map(({ url }) => url);

describe('a redirect before the payment', () => {
  it.each([301, 302, 303, 307, 308])(
    '%i within the origin is followed, and the new place paid',
    async (status) => {
      to(status, '/new?q=1');
      const response = await payingFetch(`${seller.url}/old`, { headers: { 'X-Order': '7' } });
      expect([response.status, response.url, response.redirected]).toEqual([
        200,
        `${seller.url}/new?q=1`,
        true,
      ]);
      expect(await response.text()).toBe('{"rate":1}');
      expect(urls()).toEqual(['/old', '/new?q=1', '/new?q=1']);
      expect(seller.seen.every(({ headers }) => headers['x-order'] === '7')).toBe(true);
      expect(purse.journal.list()[0]?.request?.url).toBe(`${seller.url}/new?q=1`);
    },
  );

  it.each([307, 308])('%i keeps method and body', async (status) => {
    to(status, '/new?q=1');
    await (await payingFetch(`${seller.url}/old`, { method: 'POST', body: 'order' })).text();
    expect(seller.seen.map(({ method, body }) => `${method} ${body}`)).toEqual(Array(3).fill('POST order'));
  });

  it.each([301, 302, 303])('%i of a POST would lose its body: not followed', async (status) => {
    to(status, '/new?q=1');
    const failure = await failureOf(payingFetch(`${seller.url}/old`, { method: 'POST', body: 'order' }));
    expect(failure).toMatchObject({ code: 'redirect_refused', outcome: 'not-sent', spent: 'no' });
    expect(urls()).toEqual(['/old']);
  });

  it.each([
    ['another port', () => 'http://127.0.0.1:1/'],
    ['another host', () => seller.url.replace('127.0.0.1', 'localhost')],
    ['https', () => seller.url.replace('http:', 'https:')],
    ['a file', () => 'file:///etc/passwd'],
    ['data', () => 'data:text/plain,x'],
    ['a name and a password', () => seller.url.replace('//', '//user:secret@')],
    ['no URL', () => 'http://['],
  ])('to %s is not followed', async (_name, location) => {
    to(302, location());
    const failure = await failureOf(
      payingFetch(`${seller.url}/old`, { headers: { Authorization: 'Bearer mine' } }),
    );
    expect(failure).toMatchObject({ code: 'redirect_refused', spent: 'no' });
    expect(urls()).toEqual(['/old']);
  });

  it('in a circle ends', async () => {
    to(302, '/old');
    expect((await failureOf(payingFetch(`${seller.url}/old`))).code).toBe('redirect_refused');
    expect(seller.seen).toHaveLength(redirectsMax + 1);
    expect(purse.node.paid).toHaveLength(0);
  });

  it('is handed on as it is with redirect "manual", and an error with "error"', async () => {
    to(302, '/new?q=1');
    const response = await payingFetch(`${seller.url}/old`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/new?q=1']);
    const failure = await failureOf(payingFetch(`${seller.url}/old`, { redirect: 'error' }));
    expect(failure.code).toBe('redirect_refused');
    expect(purse.node.paid).toHaveLength(0);
  });

  it('without a place to go is an answer', async () => {
    seller.behave(({ response }) => void response.writeHead(302).end('lost'));
    expect(await (await payingFetch(seller.url)).text()).toBe('lost');
  });
});

describe('a redirect after the payment', () => {
  it.each(['follow', 'manual', 'error'] as const)('is never followed (%s): a credit', async (redirect) => {
    seller.behave((turn) =>
      turn.seen.credential === undefined
        ? honest(turn)
        : void turn.response.writeHead(302, { location: '/search' }).end(),
    );
    const failure = await failureOf(payingFetch(`${seller.url}/register`, { redirect }));
    expect(failure).toMatchObject({ code: 'seller_refused', exitClass: 'credit', status: 302 });
    expect(urls()).toEqual(['/register', '/register']);
    expect(purse.node.paid).toHaveLength(1);
  });
});
