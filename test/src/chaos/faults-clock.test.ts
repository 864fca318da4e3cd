import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeConfigs, openScene, type Scene } from './faults-scene.js';
import { killAll, outputOf, startFarebox, until } from './processes.js';
import type { RouteName } from './world.js';

/** How far the clock is stepped. */
const hourMs = 3_600_000;
/** How long a challenge lives: shorter and longer than a step. */
const lives = ['10m', '3h'] as const;
/** How many purchases must be served under a clock. */
const felt = 12;
const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];

describe.each(lives)('the clock under a gateway whose challenges live for %s', (life) => {
  let scene: Scene;
  let file = '';

  beforeAll(async () => {
    scene = await openScene({
      clients: 3,
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
    await scene.served(felt);
  });
  afterAll(async () => {
    await killAll();
    await scene.close();
  });

  function step(toMs: number): void {
    writeFileSync(file, String(toMs));
    process.kill(scene.gateways[0]?.pid ?? 0, 'SIGUSR2');
  }

  it.each([
    ['forward', hourMs],
    ['back', -hourMs],
  ] as const)('is set an hour %s, and right again', async (_, offsetMs) => {
    const before = await Promise.all(names.map((name) => scene.buy(name)));
    step(offsetMs);
    await scene.served(felt);
    const during = await Promise.all(names.map((name) => scene.buy(name)));
    for (const purchase of before) await scene.clients[0]?.present(purchase);
    console.log(
      life,
      offsetMs,
      before.map((p) => `${p.route} ${p.served} ${p.refusals}`),
    );
    step(0);
    await scene.served(felt);
    for (const purchase of [...during, ...before])
      if (purchase.served === 0) await until('an answer', () => scene.clients[0]?.present(purchase));
    console.log(
      during.map((p) => `${p.route} ${p.served} ${p.refusals}`),
      scene.told(),
    );
    expect([...before, ...during].map(({ served }) => served)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('has lost nothing and doubled nothing', async () => {
    const report = await scene.audit();
    expect(report.violations).toEqual([]);
    expect(report.lost).toBe(0);
  });
});
