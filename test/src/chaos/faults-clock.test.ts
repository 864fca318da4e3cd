import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { changeConfigs, openScene, type Scene } from './faults-scene.js';
import { killAll, outputOf, startFarebox, until } from './processes.js';
import type { Purchase } from './storm-client.js';
import type { RouteName } from './world.js';

/** How far the clock is stepped. */
const hourMs = 3_600_000;
/** How many purchases must be served under a clock. */
const felt = 12;
const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];

/** A scene whose gateway has a clock of its own, and how to set that. */
async function openStepped(
  life: string,
  clients: number,
): Promise<{ readonly scene: Scene; step(toMs: number): Promise<void> }> {
  let file = '';
  const scene = await openScene({
    clients,
    async prepare(world) {
      file = join(world.home, 'clock');
      writeFileSync(file, '0');
      changeConfigs(world, (text) => text.replace('challenge_life: 1h', `challenge_life: ${life}`));
      const env = {
        FAREBOX_LOG: 'debug',
        FAREBOX_SECRET: 'a secret of the gateway with the stepped clock',
        NODE_OPTIONS: `--import=${new URL('./stepped-clock.js', import.meta.url).href}`,
        CLOCK_OFFSET_FILE: file,
      };
      return {
        ...world,
        async startGateway() {
          const gateway = startFarebox(world.home, ['serve'], env);
          await outputOf(gateway, /Farebox serves/);
          return gateway;
        },
      };
    },
  });
  return {
    scene,
    async step(toMs) {
      writeFileSync(file, String(toMs));
      process.kill(scene.gateways[0]?.pid ?? 0, 'SIGUSR2');
      // Its log carries its time.
      await until('the gateway has another time', async () => {
        await fetch(`${scene.world.url}/nothing`).then((answer) => answer.arrayBuffer());
        const times = [...(scene.gateways[0]?.stderr ?? '').matchAll(/"time":(\d+)/g)];
        const last = Number(times.at(-1)?.[1] ?? 0);
        return Math.abs(last - Date.now() - toMs) < hourMs / 2;
      });
    },
  };
}

let stepped: Awaited<ReturnType<typeof openStepped>>;
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

describe('the clock under a gateway that sells', () => {
  it('is set an hour forward, right again, an hour back and right again; challenges live for longer', async () => {
    stepped = await openStepped('3h', 3);
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
    stepped = await openStepped('10m', 0);
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
    stepped = await openStepped('10m', 0);
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
