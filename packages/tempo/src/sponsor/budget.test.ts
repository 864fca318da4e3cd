import { expect, test } from 'vitest';
import { createSponsorBudget } from './budget.js';
import { createSponsoredPayers } from './payers.js';

const limits = { amount: 100n, windowMs: 64_000 };

test('what is set aside counts in full until it is known what it cost', () => {
  const budget = createSponsorBudget(limits);
  expect(budget.reserve('0x01', 60n, 0)).toBe(true);
  expect(budget.reserve('0x02', 60n, 0)).toBe(false);
  expect(budget.remaining(0)).toBe(40n);
  budget.conclude('0x01', 5n, 0);
  expect(budget.remaining(0)).toBe(95n);
  expect(budget.reserve('0x02', 60n, 0)).toBe(true);
  budget.conclude('0x02', 0n, 0);
  expect(budget.remaining(0)).toBe(95n);
});

test('the same transaction is set aside once', () => {
  const budget = createSponsorBudget(limits);
  expect(budget.reserve('0x01', 60n, 0)).toBe(true);
  expect(budget.reserve('0x01', 60n, 1)).toBe(true);
  expect(budget.remaining(1)).toBe(40n);
});

test('within any window no more than the budget is spent, and after it is over it is there again', () => {
  const budget = createSponsorBudget(limits);
  const spentAt: { atMs: number; fee: bigint }[] = [];
  // A greedy payer, once a second for ten windows.
  for (let atMs = 0; atMs < limits.windowMs * 10; atMs += 1_000) {
    const hash = `0x${atMs.toString(16)}` as const;
    if (!budget.reserve(hash, 7n, atMs)) continue;
    budget.conclude(hash, 7n, atMs);
    spentAt.push({ atMs, fee: 7n });
  }
  for (const { atMs } of spentAt) {
    const inWindow = spentAt.filter((one) => one.atMs >= atMs && one.atMs < atMs + limits.windowMs);
    expect(inWindow.reduce((sum, one) => sum + one.fee, 0n)).toBeLessThanOrEqual(limits.amount);
  }
  expect(spentAt.length).toBeGreaterThan(100);
});

test('a payer rests after a revert, as long as is said', () => {
  const payers = createSponsoredPayers(1_000);
  expect(payers.restingUntil('0xaa', 0)).toBeUndefined();
  payers.reverted('0xaa', 500);
  expect(payers.restingUntil('0xaa', 1_499)).toBe(1_500);
  expect(payers.restingUntil('0xbb', 1_499)).toBeUndefined();
  expect(payers.restingUntil('0xaa', 1_500)).toBeUndefined();
});

test('what is on its way is counted by payer and token', () => {
  const payers = createSponsoredPayers(1_000);
  const leave = payers.enter('0xaa', '0x01', 5n);
  payers.enter('0xaa', '0x01', 7n);
  payers.enter('0xaa', '0x02', 9n);
  expect(payers.inFlight('0xaa', '0x01')).toBe(12n);
  leave();
  expect(payers.inFlight('0xaa', '0x01')).toBe(7n);
  expect(payers.inFlight('0xbb', '0x01')).toBe(0n);
});
