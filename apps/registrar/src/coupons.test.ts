import { afterEach, beforeEach, expect, it } from 'vitest';
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
