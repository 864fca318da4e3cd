import type { Promised } from './facts.js';
import type { Parts } from './gateways.js';
import type { Plan, Step } from './plan.js';
import { runPlan } from './run.js';

/** Most runs that shrinking may take. */
export const shrinkRunsMax = 3_000;

/**
 * The smallest plan found that still breaks the same promise: steps and faults are taken out while it does, and what is
 * left is made plainer.
 */
export async function shrinkPlan(plan: Plan, promise: Promised, parts?: Parts): Promise<Plan> {
  let best = plan;
  let runs = 0;
  const keep = async (candidate: Plan): Promise<boolean> => {
    if (runs++ >= shrinkRunsMax) return false;
    const { violations } = await runPlan(candidate, parts);
    if (!violations.some((each) => each.promise === promise)) return false;
    best = candidate;
    return true;
  };
  for (let before = -1; before !== sizeOf(best) && runs < shrinkRunsMax; ) {
    before = sizeOf(best);
    for (
      let size = Math.ceil(best.steps.length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < best.steps.length; ) {
        const taken = await keep({ ...best, steps: best.steps.toSpliced(from, size) });
        if (!taken) from += size;
      }
    }
    for (let at = best.faults.length - 1; at >= 0; at--) {
      await keep({ ...best, faults: best.faults.toSpliced(at, 1) });
    }
    for (let at = 0; at < best.faults.length; at++) await lowerFault(best, at, keep);
    for (let at = 0; at < best.steps.length; at++) {
      const step = best.steps[at];
      for (const plainer of step === undefined ? [] : plainerThan(step)) {
        if (await keep({ ...best, steps: best.steps.with(at, plainer) })) break;
      }
    }
  }
  return best;
}

/** An earlier operation for a fault: the steps that only led up to the later one can then go. */
async function lowerFault(
  plan: Plan,
  at: number,
  keep: (candidate: Plan) => Promise<boolean>,
): Promise<void> {
  const fault = plan.faults[at];
  if (fault === undefined) return;
  for (let operation = 1; operation < fault.operation; operation++) {
    if (await keep({ ...plan, faults: plan.faults.with(at, { ...fault, operation }) })) return;
  }
}

/** What could stand in a step's place and would be easier to read, plainest first. */
function plainerThan(step: Step): Step[] {
  if (step.do === 'next') return [{ do: 'finish' }, ...(step.choice === 0 ? [] : [{ ...step, choice: 0 }])];
  if (step.do === 'cut' && step.choice !== 0) return [{ ...step, choice: 0 }];
  if (step.do !== 'present') return [];
  const { cuts, ...stays } = step;
  const plainer: Step[] = cuts === undefined ? [] : [stays];
  if (step.upstream !== 'serves') plainer.push({ ...step, upstream: 'serves' });
  if (step.way === 'short echo') plainer.push({ ...step, way: 'whole echo' });
  return plainer;
}

/** Fewer is smaller; among equals, what is plain and what fails early. */
function sizeOf({ steps, faults }: Plan): number {
  const ornate = steps.filter((step) => plainerThan(step).length > 0).length;
  return (
    1_000 * (steps.length + faults.length) + ornate + faults.reduce((sum, each) => sum + each.operation, 0)
  );
}
