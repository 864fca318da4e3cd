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
    // Whoever was to be killed was, unless it was the wallet and had ended before that moment.
    const { gateway, wallet } = report.kills;
    const planned = (who: 'gateway' | 'wallet') =>
      report.rounds.filter(({ victim }) => victim === who || victim === 'both');
    expect(gateway).toBeGreaterThanOrEqual(planned('gateway').length);
    const ended = planned('wallet').filter(({ walletExit }) => walletExit !== 'SIGKILL');
    for (const { walletExit } of ended) expect(walletExit).toEqual(expect.any(Number));
    expect(wallet).toBeGreaterThanOrEqual(planned('wallet').length - ended.length);
    // The undisturbed purchase at least.
    expect(report.delivered).toBeGreaterThan(0);
    expect(report.delivered + report.redeemed + report.held).toBe(report.paid);
  });
});
