import { afterEach, describe, expect, it } from 'vitest';
import { killAll, until } from './processes.js';
import { hourMs, openStepped, type SteppedScene } from './stepped-scene.js';
import type { Purchase } from './storm-client.js';
import type { RouteName } from './world.js';

/** How many purchases must be served under a clock. */
const felt = 6;
/** Longest that a test may take, milliseconds: each starts a shop of its own. */
const testMsMax = 300_000;
const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];

let stepped: SteppedScene;
afterEach(async () => {
  await killAll();
  await stepped.scene.close();
});

async function presentAll(purchases: readonly Purchase[]): Promise<void> {
  for (const purchase of purchases) await until('an answer', () => stepped.scene.buyer.present(purchase));
}

async function expectNothingLost(): Promise<void> {
  const report = await stepped.scene.audit();
  expect(report.violations).toEqual([]);
  expect(report.delivered + report.redeemed).toBe(report.paid);
}

describe('the clock under a gateway that sells', { timeout: testMsMax }, () => {
  it('is set an hour forward, right again, an hour back and right again; challenges live for longer', async () => {
    stepped = await openStepped({ life: '3h', clients: 3 });
    const { scene, step } = stepped;
    for (const toMs of [hourMs, 0, -hourMs, 0]) {
      const before = await Promise.all(names.map((name) => scene.buy(name)));
      await step(toMs);
      await presentAll(before);
      await scene.served(felt);
      expect(before.flatMap(({ refusals }) => refusals)).toEqual([]);
    }
    await expectNothingLost();
  });

  it('is set forward for longer than challenges live: nothing is sold and nothing used up until it is right', async () => {
    stepped = await openStepped({ life: '10m', clients: 0 });
    const { scene, step } = stepped;
    const paid = await Promise.all(names.map((name) => scene.buy(name)));
    await step(hourMs);
    for (const purchase of paid) await scene.buyer.present(purchase);
    // The challenge has expired, and a fresh one cannot be made: the node lives in another time.
    expect(paid.map(({ told }) => told)).toEqual(names.map(() => '500 payment-service-unavailable'));
    expect(scene.world.goods.hits).toEqual([]);
    const asked = await fetch(`${scene.world.url}/safe/one`);
    await asked.arrayBuffer();
    expect(asked.status).toBe(500);
    expect(asked.headers.get('www-authenticate')).toBeNull();
    await step(0);
    await presentAll(paid);
    await expectNothingLost();
  });

  it('is set back for longer than challenges live: what is sold is served, and never twice', async () => {
    stepped = await openStepped({ life: '10m', clients: 0 });
    const { scene, step } = stepped;
    await step(-hourMs);
    const paid = await Promise.all(names.map((name) => scene.buy(name)));
    await presentAll(paid);
    await step(0);
    for (const purchase of paid) await scene.buyer.present({ ...purchase });
    expect(paid.map(({ path }) => scene.world.goods.hitsOf(path).length)).toEqual([1, 1, 1, 1]);
    await expectNothingLost();
  });
});
