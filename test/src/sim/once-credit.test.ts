import { describe, expect, it } from 'vitest';
import type { Plan } from './plan.js';
import { runPlan } from './run.js';
import { type FaultKind, faultKinds } from './store-faults.js';

// Found by the simulator: a claim that failed, and was on disk all the same, held the payment for good.

/** A `once` route, bought and presented; the ledger is read first, its claim is the second operation. */
const planWith = (kind: FaultKind): Plan => ({
  seed: 1,
  gateways: 1,
  steps: [
    { do: 'ask', purchase: 1, route: 'once' },
    { do: 'pay', purchase: 1 },
    { do: 'present', purchase: 1, way: 'whole echo', upstream: 'serves' },
    { do: 'finish' },
  ],
  faults: [{ operation: 2, kind }],
});

describe('a paid `once` request whose upstream was never asked, in a process that never died, is served in the end', () => {
  it.each(faultKinds.filter((kind) => !kind.startsWith('crash')))('when its claim %s', async (kind) => {
    const { violations, tally } = await runPlan(planWith(kind));
    expect(violations).toEqual([]);
    expect(tally.served + tally.redeemed).toBe(1);
  });
});
