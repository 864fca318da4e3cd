import type { Claim } from '@farebox/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import { changeConfigs, openMsMax, openScene, type Scene } from './faults-scene.js';
import { FaultyWire } from './faulty-wire.js';
import { killAll, until } from './processes.js';
import type { Purchase } from './storm-client.js';

const missing = privatePostgresMissing;
/** Longest that the paused gateway's client waits, and that the lease takes to run out, milliseconds. */
const patienceMs = 90_000;
/** A lease lasts so much longer, at least: it is renewed when a third of its 15 s is over, or a little later, milliseconds. */
const leaseLeftMsMin = 5_000;
/** The pause is no upstream's fault. */
const patient = '300s';

/** As much of an upstream's answer as its header section takes, and a part of the body. */
const headBytes = 250;

let scene: Scene | undefined;
let wire: FaultyWire | undefined;

beforeAll(async () => {
  if (missing !== undefined) return;
  scene = await openScene({
    store: 'postgres',
    gateways: 2,
    clients: 3,
    async prepare(world) {
      const between = await new FaultyWire(world.goods.url).listen();
      wire = between;
      const upstream = `{ url: '${between.url}', headers_timeout: ${patient}, idle_timeout: ${patient} }`;
      changeConfigs(world, (text) => text.replace(`'${world.goods.url}'`, upstream));
      return world;
    },
  });
  await scene.served(6);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await scene?.close();
  await wire?.close();
});

function running(): Scene {
  if (scene === undefined) throw new Error('There is no scene.');
  return scene;
}

function present(purchase: Purchase, at: number): Promise<boolean> {
  const { buyer, world } = running();
  return buyer.present(purchase, world.urls[at], patienceMs);
}

async function claimOf({ challenge }: Purchase): Promise<Claim | undefined> {
  const reader = await running().world.openReader();
  try {
    return (await reader.claim(challenge.id))?.claim;
  } finally {
    await reader.close();
  }
}

const title = 'a gateway that is paused for longer than its lease (SIGSTOP), while another takes over';
describe.skipIf(missing !== undefined)(
  missing === undefined ? title : `${title} (skipped: ${missing})`,
  () => {
    it('is fenced, and what it does afterwards delivers nothing more', { timeout: 180_000 }, async () => {
      const { gateways, world } = running();
      const pid = gateways[0]?.pid ?? 0;
      const [stream, ...waiting] = await Promise.all([
        running().buy('stream'),
        running().buy('safe'),
        running().buy('idempotent'),
        running().buy('once'),
      ]);
      const [safe, idempotent, once] = waiting;
      if (wire !== undefined) wire.fault = { kind: 'stall', afterBytes: headBytes };
      const leaving = present(stream, 0);
      await until('its answer leaves', async () => (await claimOf(stream))?.state === 'delivered');
      let letGo = (): void => {};
      world.goods.hold = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const late = waiting.map((purchase) => present(purchase, 0));
      await until('the upstream works for it', () =>
        waiting.every(({ path }) => world.goods.hitsOf(path).length === 1),
      );
      process.kill(pid, 'SIGSTOP');
      const pausedMs = performance.now();
      letGo();
      wire?.mend();

      // These two are held, until their holder is dead for certain.
      const atOnce = await present(stream, 1);
      if (performance.now() - pausedMs < leaseLeftMsMin) expect(stream.told).toBe('409 in-progress');
      // Nobody holds these two: the other gateway serves them at once.
      await present(safe, 1);
      await present(idempotent, 1);
      expect([safe.served, idempotent.served]).toEqual([1, 1]);
      if (!atOnce) await until('the lease is over', () => present(stream, 1), patienceMs);
      expect(stream.served).toBe(1);
      await present(once, 1);
      expect(once.told).toBe('409 outcome-unknown');

      process.kill(pid, 'SIGCONT');
      await Promise.all([leaving, ...late]);
      expect(waiting.map(({ served }) => served)).toEqual([1, 1, 0]);
      expect(world.goods.hitsOf(once.path)).toHaveLength(1);
      // Bytes that were on their way cannot be called back: they count as one of the redeliveries.
      expect(stream.served).toBe(2);
      // The mark is made when the answer has left, and nobody waits for it.
      await until('its mark is made', async () => (await claimOf(stream))?.state === 'answered');
      expect(await claimOf(stream)).toMatchObject({ state: 'answered', redeliveries: 1 });

      // It goes on as somebody new, and knows no better than the other one.
      for (const at of [0, 1]) await until('an answer', () => present(once, at));
      expect(once.told).toBe('409 outcome-unknown');
      for (const at of [0, 1]) await present(stream, at);
      expect(stream.served).toBe(2);
      const fresh = await running().buy('once');
      await until('an answer', () => present(fresh, 0));
      expect(fresh.served).toBe(1);
    });

    it('has lost nothing and doubled nothing', async () => {
      const report = await running().audit();
      expect(report.violations).toEqual([]);
      expect(report.lost).toBe(0);
    });
  },
);
