import type { Claim } from '@farebox/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import { changeConfigs, openScene, type Scene } from './faults-scene.js';
import { FaultyWire } from './faulty-wire.js';
import { killAll, until } from './processes.js';
import type { Purchase } from './storm-client.js';

const missing = privatePostgresMissing;
/** Longest that the paused gateway's client waits, and that the lease takes to run out, milliseconds. */
const patienceMs = 40_000;

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
      changeConfigs(world, (text) => text.replace(world.goods.url, between.url));
      return world;
    },
  });
  await scene.served(6);
});
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
  const { clients, world } = running();
  return clients[0]?.present(purchase, world.urls[at], patienceMs) ?? Promise.resolve(false);
}

async function claimOf({ challenge }: Purchase): Promise<Claim | undefined> {
  const reader = await running().world.openReader();
  try {
    for await (const claim of reader.claims()) if (claim.challengeId === challenge.id) return claim;
    return undefined;
  } finally {
    await reader.close();
  }
}

const title = 'a gateway that is paused for longer than its lease (SIGSTOP), while another takes over';
describe.skipIf(missing !== undefined)(
  missing === undefined ? title : `${title} (skipped: ${missing})`,
  () => {
    it('is fenced: what it does afterwards delivers nothing a second time', { timeout: 60_000 }, async () => {
      const { gateways, world } = running();
      const paused = gateways[0];
      const [safe, idempotent, once] = await Promise.all([
        running().buy('safe'),
        running().buy('idempotent'),
        running().buy('once'),
      ]);
      const purchases = [safe, idempotent, once];
      let letGo = (): void => {};
      world.goods.hold = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const late = purchases.map((purchase) => present(purchase, 0));
      await until('its upstream works for it', () =>
        purchases.every(({ path }) => world.goods.hitsOf(path).length === 1),
      );
      process.kill(paused?.pid ?? 0, 'SIGSTOP');
      letGo();

      // Nobody holds these: the other gateway serves them.
      await present(safe, 1);
      await present(idempotent, 1);
      expect([safe.served, idempotent.served]).toEqual([1, 1]);
      // This one is held, until its holder is dead for certain.
      await until('the lease is over', () => present(once, 1), patienceMs);
      expect(once.refusals).toContain('409 in-progress');
      expect(once.told).toBe('409 outcome-unknown');

      process.kill(paused?.pid ?? 0, 'SIGCONT');
      await Promise.all(late);
      expect(purchases.map(({ served }) => served)).toEqual([1, 1, 0]);
      expect(world.goods.hitsOf(once.path)).toHaveLength(1);
      // The one that was fenced goes on as somebody new, and knows no better.
      await until('the paused gateway answers', () => present(once, 0));
      expect(once.told).toBe('409 outcome-unknown');

      const fresh = await running().buy('once');
      await present(fresh, 0);
      expect(fresh.served).toBe(1);
    });

    it('and an answer that was leaving counts as one of its redeliveries', { timeout: 60_000 }, async () => {
      const { gateways } = running();
      const stream = await running().buy('stream');
      if (wire !== undefined) wire.fault = { kind: 'stall', afterBytes: headBytes };
      const late = present(stream, 0);
      await until('its answer has begun', async () => (await claimOf(stream))?.state === 'delivered');
      process.kill(gateways[0]?.pid ?? 0, 'SIGSTOP');
      wire?.mend();
      await until('the lease is over', () => present(stream, 1), patienceMs);
      expect(stream.served).toBe(1);
      process.kill(gateways[0]?.pid ?? 0, 'SIGCONT');
      await late;

      // Bytes that are on their way cannot be called back: the two answers are one delivery and its redelivery.
      expect(stream.served).toBe(2);
      expect(await claimOf(stream)).toMatchObject({ state: 'answered', redeliveries: 1 });
      await present(stream, 0);
      await present(stream, 1);
      expect(stream.served).toBe(2);
    });

    it('has lost nothing and doubled nothing', async () => {
      const report = await running().audit();
      expect(report.violations).toEqual([]);
      expect(report.lost).toBe(0);
    });
  },
);
