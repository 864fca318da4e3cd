import { expect, it } from 'vitest';
import { rateLimitFields, retryAfterOf } from './fields.js';
import type { LimitWindow } from './window.js';

const second: LimitWindow = { name: '1s', requests: 2, length: { kind: 'stretch', ms: 1_000 } };
const day: LimitWindow = { name: 'day', requests: 1_000, length: { kind: 'calendar', unit: 'day' } };
const month: LimitWindow = { name: 'month', requests: 9, length: { kind: 'calendar', unit: 'month' } };

it('says policies and states as the draft writes them, with seconds rounded up', () => {
  const states = [
    { window: second, remaining: 1, resetMs: 1 },
    { window: day, remaining: 0, resetMs: 86_399_001 },
  ];
  expect(rateLimitFields([second, day, month], states, 4)).toEqual([
    'RateLimit-Policy',
    '"1s";q=2;w=1, "day";q=1000;w=86400, "month";q=9, "concurrent";q=4;qu="concurrent-requests"',
    'RateLimit',
    '"1s";r=1;t=1, "day";r=0;t=86400',
  ]);
});

it('a plan without limits says nothing', () => {
  expect(rateLimitFields([], [])).toEqual([]);
});

it('Retry-After is never too early and at least one second', () => {
  expect([0, 1, 1_000, 1_001].map(retryAfterOf)).toEqual(['1', '1', '1', '2']);
});
