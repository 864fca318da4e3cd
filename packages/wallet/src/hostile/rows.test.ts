import { expect, it } from 'vitest';
import { afterRows } from './testing/after-rows.js';
import { challengeRows } from './testing/challenge-rows.js';
import { cutRows } from './testing/cut-rows.js';
import { priceRows } from './testing/price-rows.js';
import { redirectRows } from './testing/redirect-rows.js';
import { wireRows } from './testing/wire-rows.js';

it('the suite has more than 120 behaviours, each with a name of its own', () => {
  const rows = [priceRows, challengeRows, wireRows, redirectRows, afterRows, cutRows].flat();
  const names = rows.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(120);
});
