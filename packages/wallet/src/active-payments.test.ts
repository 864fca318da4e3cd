import { expect, it } from 'vitest';
import { ActivePayments } from './active-payments.js';

it('a payment that was taken over is not let go of by who had it before', () => {
  const active = new ActivePayments();
  const [first, second] = [active.take('pay_a'), active.take('pay_a')];
  first();
  expect([active.has('pay_a'), active.has('pay_b')]).toEqual([true, false]);
  second();
  expect(active.has('pay_a')).toBe(false);
  active.take('pay_a');
  second();
  expect(active.has('pay_a')).toBe(true);
});
