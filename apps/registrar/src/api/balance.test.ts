import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graceMs } from '../life/domain-life.js';
import { balanceAccount, book, usdMicrosCurrency } from '../store/entries.js';
import { ask, challengeOf, newAgent, payLightning, registerPath } from '../testing/client.js';
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
async function buy(key: string | undefined) {
  const asked = await ask(rig, registerPath, { json: order, key });
  const headers = { Authorization: await payLightning(rig, asked) };
  return ask(rig, registerPath, { json: order, key, headers });
}

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
