import { afterAll, describe, expect, it } from 'vitest';
import { runKills } from './kill-run.js';
import { killAll } from './processes.js';
import { countOf, seedOf } from './random.js';

/** Rounds in `npm test`. The long run: `npm run chaos -w @farebox/test -- --rounds 50 --json`. */
const rounds = countOf('CHAOS_ROUNDS', 3);
/** A wallet, a gateway and a resumption are started in each. */
const roundMsMax = 60_000;

afterAll(killAll);

describe('kill -9 of gateway and wallet', () => {
  it(`in ${rounds} rounds: every payment is delivered once or still redeemable, and none is made twice`, {
    timeout: 60_000 + rounds * roundMsMax,
  }, async () => {
    const report = await runKills({ rounds, seed: seedOf('CHAOS_SEED') });
    expect(report.violations).toEqual([]);
    expect(report.kills.gateway + report.kills.wallet).toBeGreaterThan(0);
    // The undisturbed purchase at least.
    expect(report.delivered).toBeGreaterThan(0);
    expect(report.delivered + report.redeemed + report.held).toBe(report.paid);
  });
});
