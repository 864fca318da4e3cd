import { parseChallenges } from '@farebox/protocol';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { once, openRig, paidCredential, type Rig, safe } from '../testing/rig.js';
import { sell } from './hono.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const states = async () =>
  Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));

async function buy(app: Hono, path: string, init: RequestInit = {}): Promise<Response> {
  const unpaid = await app.request(path, init);
  const [challenge] = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error(`no challenge: ${unpaid.status}`);
  const authorization = await paidCredential(rig, challenge);
  return app.request(path, { ...init, headers: { ...init.headers, authorization } });
}

describe('sell for Hono', () => {
  it('leaves the body to be read as usual, and the fields of other middleware where they are', async () => {
    const app = new Hono();
    app.use(secureHeaders());
    app.post('/v1/orders', sell(rig.gate, once), async (c) => {
      c.header('Cache-Control', 'public');
      return c.json({ got: await c.req.json(), again: await c.req.text() });
    });
    const answer = await buy(app, '/v1/orders', { method: 'POST', body: '{"n":1}' });
    expect(await answer.json()).toEqual({ got: { n: 1 }, again: '{"n":1}' });
    expect(answer.headers.get('cache-control')).toBe('private');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(
      (await app.request('/v1/orders', { method: 'POST', body: '1' })).headers.get('x-content-type-options'),
    ).toBe('nosniff');
  });

  it('sells a whole path with app.use, and what it does not know is a credit', async () => {
    const app = new Hono();
    app.use('/v1/*', sell(rig.gate, safe));
    app.get('/v1/joke', (c) => c.text('Knock, knock.'));
    expect(await (await buy(app, '/v1/joke')).text()).toBe('Knock, knock.');
    const missing = await buy(app, '/v1/nothing');
    expect(missing.status).toBe(404);
    expect(missing.headers.get('payment-receipt')).toBeNull();
    await expect.poll(states, { timeout: 30_000 }).toEqual({ answered: 1, released: 1 });
  });

  it('takes an HTTPException for an answer and another error of a once route for an unknown outcome', async () => {
    const app = new Hono();
    app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text('sorry', 500)));
    app.post('/v1/refuses', sell(rig.gate, once), () => {
      throw new HTTPException(409, { message: 'sold out' });
    });
    app.post('/v1/breaks', sell(rig.gate, once), () => {
      throw new Error('secret-of-the-handler');
    });
    const refused = await buy(app, '/v1/refuses', { method: 'POST' });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toBe('sold out');
    const broken = await buy(app, '/v1/breaks', { method: 'POST' });
    expect(await broken.json()).toMatchObject({ status: 502, retry: 'resume' });
    await expect.poll(states, { timeout: 30_000 }).toEqual({ released: 1, unknown: 1 });
  });

  it('says who read the body too early', async () => {
    const told: string[] = [];
    const app = new Hono();
    app.onError((error, c) => {
      told.push(error.message);
      return c.text('sorry', 500);
    });
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
    app.post('/v1/orders', sell(rig.gate, once), (c) => c.text('never'));
    expect((await app.request('/v1/orders', { method: 'POST', body: '1' })).status).toBe(500);
    expect(told).toEqual([expect.stringContaining('put the gate before')]);
  });
});
