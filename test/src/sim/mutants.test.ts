import { describe, expect, it } from 'vitest';
import type { Promised } from './facts.js';
import { type Mutant, mutants } from './mutants.js';
import { type Plan, planOf } from './plan.js';
import { runPlan } from './run.js';
import { shrinkPlan } from './shrink.js';

/** A planted bug must be found within so many seeds. */
const seedsMax = 200;
/** And told in so many steps and faults. */
const partsMax = 20;

async function find({ breaks, parts }: Mutant): Promise<Plan | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violations } = await runPlan(planOf(seed), parts);
    if (violations.some(({ promise }) => promise === breaks)) return planOf(seed);
  }
  return undefined;
}

describe('the simulator catches', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_name, mutant) => {
    const found = await find(mutant);
    if (found === undefined) throw new Error(`Not caught in ${seedsMax} seeds.`);
    const minimal = await shrinkPlan(found, mutant.breaks, mutant.parts);
    expect(minimal.steps.length + minimal.faults.length).toBeLessThanOrEqual(partsMax);
    // The bug is the mutant's: the world as it should be keeps every promise under the same plan.
    expect((await runPlan(minimal)).violations).toEqual([]);
  });

  it('a bug of every invariant', () => {
    const broken = new Set<Promised>(mutants.map(({ breaks }) => breaks));
    const promises: readonly Promised[] = [1, 2, 3, 4, 5, 6, 7, 8, 'liveness'];
    expect(promises.filter((promise) => !broken.has(promise))).toEqual([]);
  });
});
