import { afterEach, beforeEach, expect, it } from 'vitest';
import { balanceOf } from './store/entries.js';
import { ask, newAgent, payLightning, registerPath } from './testing/client.js';
import { halfCoupon, openRig, type Rig } from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ coupons: [{ ...halfCoupon, usesMax: 1 }] });
});
afterEach(() => rig.close());

const half = (domain: string, key: string, Authorization?: string) =>
  ask(rig, registerPath, {
    json: { domain, namespace: 'agent', coupon_code: 'HALF' },
    key,
    headers: Authorization === undefined ? {} : { Authorization },
  });

it('an order that may still be paid holds a use of its coupon, at the same moment too', async () => {
  const agents = await Promise.all([1, 2, 3, 4].map(() => newAgent(rig)));
  const asked = await Promise.all(agents.map(({ key }, n) => half(`name${n}`, key)));
  const offered = asked.findIndex(({ status }) => status === 402);
  expect(asked.filter(({ status }) => status === 402)).toHaveLength(1);
  for (const { status } of asked) expect([402, 400, 409]).toContain(status);
  const [answer, agent] = [asked[offered], agents[offered]];
  if (answer === undefined || agent === undefined) throw new Error('Nobody was asked to pay.');
  // Asking again for the same name is no second use.
  expect((await half(`name${offered}`, agent.key)).status).toBe(402);
  const done = await half(`name${offered}`, agent.key, await payLightning(rig, answer));
  expect([done.status, answer.body.amount]).toEqual([200, 0.26]);
  rig.clock.nowMs += 24 * 3_600_000;
  expect((await half('later', agent.key)).status).toBe(400);
});

it('a use is free again when its order was not paid in time', async () => {
  const [one, other] = [await newAgent(rig), await newAgent(rig)];
  expect((await half('one', one.key)).status).toBe(402);
  expect((await half('two', other.key)).status).toBe(400);
  rig.clock.nowMs += 10 * 60_000 + 1_000;
  expect((await half('two', other.key)).status).toBe(402);
});

it('of orders that were paid in time and come late, so many have the coupon as it is good for; the rest is balance', async () => {
  const late: { readonly id: string; readonly present: () => ReturnType<typeof half> }[] = [];
  for (const name of ['one', 'two', 'three']) {
    const { id, key } = await newAgent(rig);
    const credential = await payLightning(rig, await half(name, key));
    late.push({ id, present: () => half(name, key, credential) });
    rig.clock.nowMs += 10 * 60_000 + 1_000;
  }
  const answers = await Promise.all(late.map(({ present }) => present()));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  for (const [n, { status, body }] of answers.entries()) {
    const balance = await rig.db.read((sql) => balanceOf(sql, late[n]?.id ?? ''));
    expect(balance).toBe(status === 200 ? 0n : 260_000n);
    if (status !== 200) expect(body).toMatchObject({ code: 'kept-as-balance', reason: 'coupon-used-up' });
  }
});

it('whoever holds the last use is quoted what they are asked to pay', async () => {
  const { key } = await newAgent(rig);
  expect((await half('one', key)).status).toBe(402);
  const json = { domain: 'one', namespace: 'agent', coupon_code: 'HALF' };
  expect((await ask(rig, '/api/v1/domains/quote', { json, key })).status).toBe(200);
  const other = await newAgent(rig);
  expect((await ask(rig, '/api/v1/domains/quote', { json, key: other.key })).status).not.toBe(200);
});
