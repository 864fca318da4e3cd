import type { SecureContextOptions } from 'node:tls';
import type { GatewayConfig } from '../config/config.js';
import type { Live } from '../exchange/visit.js';
import type { LightningMethod } from '../lightning.js';
import type { HttpUpstream } from '../upstream/http-upstream.js';
import { onFixedGround } from './fixed.js';
import { type Ground, makeStanding, readMaterials, retired, type Standing } from './live.js';

/** What a reload did. */
export interface Reloaded {
  /** Keys of `farebox.yaml` that have new values and need a restart for them; their old values stay in force. */
  readonly kept: readonly string[];
}

/** Another configuration, or what reads it when its turn has come. */
export type NextConfig = GatewayConfig | (() => Promise<GatewayConfig>);

/** The configuration that is in force, and what exchanges it. */
export interface Regime {
  /** What the next request is served with. */
  readonly live: Live;
  /**
   * Puts another configuration in force, all of it at once; or rejects, and nothing has changed. Requests that are on their
   * way end with what they began with. One reload at a time: later ones wait.
   */
  reload(next: NextConfig): Promise<Reloaded>;
  readonly counts: { readonly good: number; readonly refused: number };
  /** Closes the upstreams, also those that are out of use. */
  close(): Promise<void>;
}

/** What a regime is set up with. */
export interface RegimeParts {
  readonly ground: Ground;
  readonly standing: Standing;
  readonly secretsOf: (config: GatewayConfig) => Promise<readonly string[]>;
  readonly lightning: LightningMethod | undefined;
  /** Exchanges the certificate of the front. */
  readonly useTls: (tls: SecureContextOptions | undefined) => void;
}

/** Begins with the configuration that the gateway was started with. */
export function createRegime({ ground, standing: first, secretsOf, lightning, useTls }: RegimeParts): Regime {
  let standing = first;
  /** Out of use, and still ending what began with them. */
  let leaving: HttpUpstream[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const counts = { good: 0, refused: 0 };

  async function exchange(next: NextConfig): Promise<Reloaded> {
    const read = typeof next === 'function' ? await next() : next;
    const { config, kept } = onFixedGround(standing.live.config, read);
    const materials = await readMaterials(config, secretsOf);
    const after = await makeStanding(ground, config, materials, standing);
    // The last that can fail, so that nothing has to be undone.
    const rates = await lightning?.prepareRates(config.rates);
    // From here to the end nothing waits: no request sees a half of it.
    const out = retired(standing, after);
    standing = after;
    rates?.use();
    useTls(after.tls);
    for (const upstream of out) upstream.retire();
    leaving = [...leaving, ...out].filter(({ connections }) => connections > 0);
    return { kept };
  }

  return {
    get live() {
      return standing.live;
    },
    counts,
    reload(next) {
      const done = turn.then(() => exchange(next));
      turn = done.then(
        () => {
          counts.good += 1;
        },
        () => {
          counts.refused += 1;
        },
      );
      return done;
    },
    async close() {
      await turn;
      const all = [...standing.live.upstreams.values(), ...leaving];
      await Promise.all(all.map((upstream) => upstream.close()));
    },
  };
}
