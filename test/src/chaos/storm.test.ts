import { afterAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import { killAll } from './processes.js';
import { countOf, seedOf } from './random.js';
import { runStorm } from './storm-run.js';

/** Kills in `npm test`, for each store. The long run: `npm run chaos -- --kills 1000 --store postgres`. */
const kills = countOf('CHAOS_KILLS', 6);
const killMsMax = 60_000;

afterAll(killAll);

async function weather(store: 'sqlite' | 'postgres', gateways: number): Promise<void> {
  const report = await runStorm({ kills, seed: seedOf('CHAOS_SEED'), store, gateways });
  expect(report.violations).toEqual([]);
  expect(report.delivered).toBeGreaterThan(0);
  expect(report.delivered + report.redeemed + report.held).toBe(report.paid);
}

describe(`${kills} kills of gateways under clients that buy without a pause: nothing lost, nothing doubled`, () => {
  const timeout = 120_000 + kills * killMsMax;
  it('on SQLite', { timeout }, () => weather('sqlite', 1));
  const missing = privatePostgresMissing;
  const name =
    missing === undefined ? 'three on one PostgreSQL' : `three on one PostgreSQL (skipped: ${missing})`;
  it.skipIf(missing !== undefined)(name, { timeout }, () => weather('postgres', 3));
});
