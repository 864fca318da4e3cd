import { describe, expect, it } from 'vitest';
import { createAskBudget, questionBurstMax, questionsPerSecondMax } from './ask-budget.js';

describe('the budget of questions', () => {
  const taken = (budget: ReturnType<typeof createAskBudget>, nowMs: number, tries: number): number =>
    Array.from({ length: tries }, () => budget.take(nowMs)).filter(Boolean).length;

  it('is a burst at once, then so many a second, and never more than a burst', () => {
    const budget = createAskBudget();
    expect(taken(budget, 1_000, 1_000)).toBe(questionBurstMax);
    expect(taken(budget, 2_000, 1_000)).toBe(questionsPerSecondMax);
    expect(taken(budget, 3_600_000, 1_000)).toBe(questionBurstMax);
  });

  it('is not filled by a clock that goes back', () => {
    const budget = createAskBudget();
    taken(budget, 10_000, questionBurstMax);
    expect(budget.take(5_000)).toBe(false);
    expect(budget.take(5_000)).toBe(false);
  });
});
