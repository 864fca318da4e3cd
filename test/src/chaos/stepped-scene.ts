import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeConfigs, openScene, type Scene } from './faults-scene.js';
import { outputOf, startFarebox, until } from './processes.js';
import type { StoreKind } from './world.js';

/** How far the clock is stepped, milliseconds. */
export const hourMs = 3_600_000;

/** A scene whose gateway has a clock of its own. */
export interface SteppedScene {
  readonly scene: Scene;
  /** Sets the gateway's clock so many milliseconds ahead of the machine's, and waits until it goes by it. */
  step(toMs: number): Promise<void>;
}

/** How a stepped scene is set. */
export interface SteppedOptions {
  /** How long challenges live, as the configuration says it. */
  readonly life: string;
  /** Buyers that buy without a pause. */
  readonly clients: number;
  /** Default `sqlite`. */
  readonly store?: StoreKind;
}

/** Opens a scene of one gateway that has a clock of its own, and tells how to set that. */
export async function openStepped({
  life,
  clients,
  store = 'sqlite',
}: SteppedOptions): Promise<SteppedScene> {
  let file = '';
  const scene = await openScene({
    clients,
    store,
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
