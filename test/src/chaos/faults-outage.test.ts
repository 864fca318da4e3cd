import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import { changeConfigs, openScene, type Scene } from './faults-scene.js';
import { FaultyWire } from './faulty-wire.js';
import { killAll, until } from './processes.js';
import { hourMs, openStepped } from './stepped-scene.js';
import type { Purchase } from './storm-client.js';
import type { RouteName } from './world.js';

/** Shorter than the clock is stepped, and long enough to buy one of each and present them on a busy machine. */
const life = '10m';
/** How often one gateway is asked for what another one is delivering. */
const asked = 20;
/** How long the client waits whose answer is held up: longer than all of the others together. */
const patienceMs = 90_000;
/** How many purchases must be served. */
const felt = 12;
/** As much of an upstream's answer as its header section takes, and a part of the body. */
const headBytes = 250;

const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];
/** Longest that a test may take, a client's patience among it, milliseconds. */
const testMsMax = 240_000;

const missing = privatePostgresMissing;
let scene: Scene;
let wire: FaultyWire | undefined;

afterEach(async () => {
  await killAll();
  await scene.close();
  await wire?.close();
});

/** Whether the delivery is on record, and so everybody's knowledge. */
async function isDelivered({ challenge }: Purchase): Promise<boolean> {
  const reader = await scene.world.openReader();
  try {
    return (await reader.claim(challenge.id))?.claim.state === 'delivered';
  } finally {
    await reader.close();
  }
}

async function expectNothingLost(): Promise<void> {
  const report = await scene.audit();
  expect(report.violations).toEqual([]);
  expect(report.lost).toBe(0);
}

describe.skipIf(missing !== undefined)(
  `with PostgreSQL${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    it('a ledger that is away for longer than challenges live costs nobody who presented in time', {
      timeout: testMsMax,
    }, async () => {
      const stepped = await openStepped({ store: 'postgres', clients: 0, life });
      scene = stepped.scene;
      const { buyer, world } = scene;
      const paid = await Promise.all(
        names.flatMap((name) => [scene.buy(name), scene.buy(name, `key of ${name}`)]),
      );
      await world.postgres?.stop('crash');
      await Promise.all(paid.map((purchase) => buyer.present(purchase)));
      expect([...new Set(paid.map(({ told }) => told))]).toEqual(['500 payment-service-unavailable']);
      // Its clock is set forward: the challenges have expired by it, as after an outage of an hour.
      await stepped.step(hourMs);
      await world.postgres?.start();
      for (const purchase of paid) await until('an answer', () => buyer.present(purchase));
      expect(paid.filter(({ served }) => served !== 1).map(({ path, told }) => `${path}: ${told}`)).toEqual(
        [],
      );
      await stepped.step(0);
      await expectNothingLost();
    });

    it('what one gateway is delivering does not reach the upstream each time another is asked for it', {
      timeout: testMsMax,
    }, async () => {
      scene = await openScene({
        store: 'postgres',
        gateways: 2,
        clients: 0,
        async prepare(world) {
          wire = await new FaultyWire(world.goods.url).listen();
          // However long the others are asked, it is the wire that holds the answer up, and not the upstream that is given up.
          const upstream = `{ url: '${wire.url}', idle_timeout: 300s }`;
          changeConfigs(world, (text) => text.replace(`'${world.goods.url}'`, upstream));
          return world;
        },
      });
      const { buyer, world } = scene;
      const stream = await scene.buy('stream');
      if (wire !== undefined) wire.fault = { kind: 'stall', afterBytes: headBytes };
      let waits = true;
      const leaving = buyer.present(stream, world.urls[0], patienceMs).finally(() => {
        waits = false;
      });
      await until('its answer leaves', async () => wire?.struck === 1 && (await isDelivered(stream)));
      if (wire !== undefined) wire.fault = { kind: 'pass' };
      // While the first client waits: once it has lost its patience, the answer may be given to whoever asks.
      for (let turn = 0; turn < asked && waits; turn++) await buyer.present(stream, world.urls[1]);
      expect(waits).toBe(true);
      expect([...new Set(stream.refusals)]).toEqual(['409 in-progress']);
      wire?.mend();
      await leaving;
      expect(world.goods.hitsOf(stream.path).length).toBeLessThanOrEqual(world.urls.length);
      await expectNothingLost();
    });
  },
);

it('a write-ahead log that is removed under a gateway loses nothing: what cannot be kept is not served', {
  timeout: testMsMax,
}, async () => {
  scene = await openScene();
  await scene.served(felt);
  const log = join(scene.world.home, 'farebox.db-wal');
  rmSync(log);
  await scene.refused(felt);
  expect(scene.told().filter((told) => told !== '409 in-progress')).toEqual([
    '500 payment-service-unavailable',
  ]);
  // It still has the log open, and closes it in order; a kill would take what only the removed log held.
  await scene.restart(0, 'SIGTERM');
  await scene.served(felt);
  await expectNothingLost();
});
