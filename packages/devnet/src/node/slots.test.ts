import { expect, it } from 'vitest';
import { Slots } from './slots.js';

it('lets so many in, and the others in the order they came', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  expect(await slots.take(1_000)).toBe(true);
  expect(await slots.take(1_000)).toBe(true);
  const waiting = [1, 2, 3].map(async (n) => {
    expect(await slots.take(1_000)).toBe(true);
    order.push(n);
  });
  expect(order).toEqual([]);
  for (let i = 0; i < 3; i++) slots.free();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

it('gives nobody a place that nobody freed, and loses none to who stopped waiting', async () => {
  const slots = new Slots(1);
  expect(await slots.take(1_000)).toBe(true);
  expect(await slots.take(5)).toBe(false);
  slots.free();
  expect(await slots.take(1_000)).toBe(true);
  expect(await slots.take(5)).toBe(false);
});
