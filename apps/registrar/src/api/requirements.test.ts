import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graceMs } from '../life/domain-life.js';
import { balanceAccount, book, usdMicrosCurrency } from '../store/entries.js';
import {
  ask,
  challengeOf,
  newAgent,
  payLightning,
  problemIn,
  receiptOf,
  registerPath,
} from '../testing/client.js';
import { namespaceOf, openRig, type Rig } from '../testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

const order = { domain: 'myname', tld: 'chatbot', years: 1 };

/** Registers a name, paid over Lightning. */
async function buy(key: string | undefined, json: object = order, path = registerPath) {
  const asked = await ask(rig, path, { json, key });
  const headers = { Authorization: await payLightning(rig, asked) };
  return ask(rig, path, { json, key, headers });
}

describe('identity', () => {
  it('R1 R2: is a key in X-API-Key, or a Bearer on calls without payment', async () => {
    const { id, key } = await newAgent(rig);
    expect(key).toMatch(/^hd_agent_[A-Za-z0-9_-]{43}$/);
    for (const headers of [{ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }])
      expect((await ask(rig, '/api/v1/agents/me', { headers })).body.agent_id).toBe(id);
    for (const headers of [{}, { 'X-API-Key': 'hd_agent_wrong' }, { Authorization: 'Bearer x' }]) {
      const refused = await ask(rig, '/api/v1/agents/me', { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('resource_metadata=');
    }
    const both = { 'X-API-Key': key, Authorization: `Bearer ${(await newAgent(rig)).key}` };
    expect((await ask(rig, '/api/v1/agents/me', { headers: both })).status).toBe(401);
  });

  it('R3: a wrong key is refused before any payment is looked at', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const headers = { Authorization: await payLightning(rig, asked) };
    expect((await ask(rig, registerPath, { json: order, key: 'hd_agent_x', headers })).status).toBe(401);
    expect((await ask(rig, registerPath, { json: order, key, headers })).status).toBe(200);
  });

  it('is taken back for good, and a claim code works once', async () => {
    const { id, key, claim } = await newAgent(rig);
    const json = { claim_code: claim, human: 'Ann' };
    expect((await ask(rig, '/api/v1/agents/claim', { json })).body).toMatchObject({ agent_id: id });
    expect((await ask(rig, '/api/v1/agents/claim', { json })).status).toBe(404);
    expect((await ask(rig, '/api/v1/agents/me', { key })).body).toMatchObject({ claim_state: 'claimed' });
    for (const token of [key, key, 'never one']) {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      expect((await ask(rig, '/oauth2/revoke', { text: `token=${token}`, headers: form })).status).toBe(200);
    }
    expect((await ask(rig, '/api/v1/agents/me', { key })).status).toBe(401);
  });

  it('is given to one address only so often', async () => {
    const { limitsDefault } = await import('../registrar.js');
    await rig.restart({ limits: limitsDefault });
    for (let n = 0; n < 10; n++) await newAgent(rig);
    const refused = await ask(rig, '/agent-auth', { json: {} });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  });
});

describe('an order', () => {
  it('R5: is paid as header and body say, if they say the same', async () => {
    const { key } = await newAgent(rig);
    const asked = (json: object, header?: string) =>
      ask(rig, registerPath, {
        json,
        key,
        headers: header === undefined ? {} : { 'X-Payment-Method': header },
      });
    expect((await asked({ ...order, payment_method: 'gems' }, 'mpp')).status).toBe(400);
    expect((await asked({ ...order, payment_method: 'cash' })).status).toBe(400);
    expect((await asked({ ...order, payment_method: 'MPP' }, 'mpp')).status).toBe(402);
  });

  it('R6: needs agreed_to_terms where that is strict, before any challenge; compat takes the seed’s body', async () => {
    const { key } = await newAgent(rig);
    expect((await ask(rig, registerPath, { json: { ...order, agreed_to_terms: false }, key })).status).toBe(
      400,
    );
    await rig.restart({ termsRequired: true });
    const refused = await ask(rig, registerPath, { json: order, key });
    expect(problemIn(refused)).toMatchObject({ status: 400, code: 'terms-not-agreed' });
    expect(refused.headers.has('www-authenticate')).toBe(false);
    expect((await ask(rig, registerPath, { json: { ...order, agreed_to_terms: true }, key })).status).toBe(
      402,
    );
  });

  it('R4: names its domain in one way, and is refused for what is reserved or not sold', async () => {
    const { key } = await newAgent(rig);
    const statusOf = async (json: object) => (await ask(rig, registerPath, { json, key })).status;
    expect(await statusOf({ ...order, namespace: 'agent' })).toBe(400);
    expect(await statusOf({ domain: 'trademark', namespace: 'agent' })).toBe(403);
    expect(await statusOf({ domain: 'x', namespace: 'boss' })).toBe(400);
    expect(await statusOf({ ...order, years: 11 })).toBe(400);
    expect(await statusOf({ ...order, years: 0.5 })).toBe(400);
    expect(
      (await ask(rig, registerPath, { text: '{"domain":', headers: { 'Content-Type': 'application/json' } }))
        .status,
    ).toBe(400);
    expect(await statusOf({ ...order, domain: 'x'.repeat(70_000) })).toBe(413);
  });

  it('R7 R10 R11 R16: is bound to its method, its path and its very bytes', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    expect(challengeOf(asked, 'lightning').digest).toMatch(/^sha-256=:/);
    const headers = { 'Content-Type': 'application/json', Authorization: await payLightning(rig, asked) };
    const spaced = JSON.stringify(order, null, 1);
    const refused = await ask(rig, registerPath, { text: spaced, key, headers });
    expect([402, 403]).toContain(refused.status);
    const done = await ask(rig, registerPath, { text: JSON.stringify(order), key, headers });
    expect(done.status).toBe(200);
    expect(receiptOf(done).challengeId).toBe(challengeOf(asked, 'lightning').id);
    expect(done.headers.get('cache-control')).toBe('private');
    // Used up: nothing is sold twice for it.
    expect((await ask(rig, registerPath, { text: JSON.stringify(order), key, headers })).status).toBe(409);
  });

  it('R8: renews on both paths, by exactly the years that were bought', async () => {
    const { key } = await newAgent(rig);
    const { body } = await buy(key);
    const end = new Date(String(body.expiry_date));
    for (const [path, json, years] of [
      ['/api/v1/renew', { domain: 'myname.chatbot', years: 2 }, 2],
      ['/api/v1/domains/renew', { domain: 'myname', tld: 'chatbot', years: 1 }, 3],
    ] as const) {
      const renewed = await buy(key, json, path);
      expect(renewed.status).toBe(200);
      const expected = new Date(end);
      expected.setUTCFullYear(end.getUTCFullYear() + years);
      expect(Date.parse(String(renewed.body.expiry_date))).toBe(expected.getTime());
    }
    const tooLong = { domain: 'myname.chatbot', years: 10 };
    expect((await ask(rig, '/api/v1/renew', { json: tooLong, key })).status).toBe(400);
    const stranger = await newAgent(rig);
    const one = { domain: 'myname.chatbot', years: 1 };
    expect((await ask(rig, '/api/v1/renew', { json: one, key: stranger.key })).status).toBe(403);
    expect((await ask(rig, '/api/v1/renew', { json: { domain: 'free.agent' }, key })).status).toBe(404);
  });

  it('R19: that has lost its JSON is told so; a browser’s form goes to the search page', async () => {
    const { key } = await newAgent(rig);
    const asked = await ask(rig, registerPath, { json: order, key });
    const Authorization = await payLightning(rig, asked);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const text = 'domain=myname&tld=chatbot&years=1';
    for (const headers of [
      { ...form, Authorization },
      { ...form, 'X-Payment-Method': 'mpp' },
      { 'Content-Type': 'text/plain', Authorization },
    ]) {
      const refused = await ask(rig, registerPath, { text, key, headers });
      expect(refused.status).toBe(415);
      expect(problemIn(refused).detail).toMatch(/application\/json.*Nothing was charged/);
      expect(JSON.stringify(refused.body)).not.toContain(key);
    }
    const plain = await ask(rig, registerPath, { text, headers: form });
    expect([plain.status, plain.headers.get('location')]).toEqual([302, '/search']);
    expect((await ask(rig, registerPath, { json: order, key, headers: { Authorization } })).status).toBe(200);
  });

  it('R20: is answered 200 with JSON and a receipt, or not at all: no API path redirects', async () => {
    const { key } = await newAgent(rig);
    const done = await buy(key);
    expect(done.headers.get('content-type')).toBe('application/json');
    receiptOf(done);
  });
});

describe('prepaid balance and coupons', () => {
  const give = (agent: string, amount: bigint) =>
    rig.db.write((sql) =>
      book(
        sql,
        `gift ${agent} ${amount}`,
        [
          { account: 'gift', currency: usdMicrosCurrency, amount: -amount },
          { account: balanceAccount(agent), currency: usdMicrosCurrency, amount },
        ],
        rig.clock.nowMs,
      ),
    );

  it('pays with gems: 201, once for an Idempotency-Key, never below nothing', async () => {
    const { id, key } = await newAgent(rig);
    await give(id, 600_000n);
    const gems = (domain: string, idempotency = 'k1') =>
      ask(rig, registerPath, {
        json: { ...order, domain, payment_method: 'gems' },
        key,
        headers: { 'Idempotency-Key': idempotency },
      });
    const [first, again] = [await gems('one'), await gems('one')];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toMatchObject({ order_id: first.body.order_id, idempotent_replay: true });
    expect((await gems('two')).status).toBe(409);
    expect((await gems('two', 'k2')).body).toMatchObject({ code: 'balance-insufficient' });
    expect((await ask(rig, '/api/v1/agents/me', { key })).body.balance).toEqual({ usd: '0.08', gems: 0.15 });
    expect((await ask(rig, registerPath, { json: { ...order, payment_method: 'gems' } })).status).toBe(401);
  });

  it('spends a balance once, whoever comes at the same moment', async () => {
    const { id, key } = await newAgent(rig);
    await give(id, 520_000n);
    const orders = Array.from({ length: 6 }, (_, n) =>
      ask(rig, registerPath, { json: { ...order, domain: `n${n}`, payment_method: 'gems' }, key }),
    );
    const statuses = (await Promise.all(orders)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409]);
  });

  it('asks for nothing where a coupon has paid, as often as it is good', async () => {
    const { key } = await newAgent(rig);
    const free = (domain: string) =>
      ask(rig, registerPath, { json: { ...order, domain, coupon_code: 'free' }, key });
    const statuses = (await Promise.all(['a', 'b', 'c', 'd'].map(free))).map(({ status }) => status).sort();
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    // Used up before they were read, or while they were.
    for (const status of statuses.slice(2)) expect([400, 409]).toContain(status);
    expect((await free('e')).status).toBe(400);
    const half = await ask(rig, registerPath, { json: { domain: 'h.agent', coupon_code: 'HALF' }, key });
    expect(challengeOf(half, 'lightning')).toBeDefined();
    expect(half.body).toMatchObject({ amount: 0.26 });
    expect((await ask(rig, registerPath, { json: { ...order, coupon_code: 'HALF' }, key })).status).toBe(400);
  });

  it('honours what was offered, whatever has been reserved or used up before it was paid', async () => {
    const { key } = await newAgent(rig);
    const json = { domain: 'h.agent', coupon_code: 'HALF' };
    const headers = { Authorization: await payLightning(rig, await ask(rig, registerPath, { json, key })) };
    const reserved = new Map([['h', 'late']]);
    await rig.restart({ coupons: [], namespaces: [namespaceOf('agent', { reserved })], termsRequired: true });
    expect((await ask(rig, registerPath, { json, key })).status).toBe(400);
    expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(200);
  });
});

describe('a name’s life', () => {
  it('ends 40 days after its term, when it is anybody’s again', async () => {
    const [one, other] = [await newAgent(rig), await newAgent(rig)];
    const { body } = await buy(one.key);
    const statusAt = async (ms: number) => {
      rig.clock.nowMs = ms;
      return (await ask(rig, '/api/v1/resolve/myname.chatbot')).status;
    };
    const end = Date.parse(String(body.expiry_date));
    expect(await statusAt(end - 1_000)).toBe(200);
    expect(await statusAt(end + 1_000)).toBe(410);
    expect((await ask(rig, registerPath, { json: order, key: other.key })).status).toBe(409);
    // In grace it is only its owner's to renew.
    const renewal = { domain: 'myname.chatbot', years: 1 };
    expect((await ask(rig, '/api/v1/renew', { json: renewal })).status).toBe(403);
    expect((await ask(rig, '/api/v1/renew', { json: renewal, key: one.key })).status).toBe(402);
    expect(await statusAt(end + graceMs + 1_000)).toBe(404);
    expect((await buy(other.key)).status).toBe(200);
    expect((await ask(rig, '/api/v1/my-domains', { key: one.key })).body.data).toEqual([]);
  });
});
