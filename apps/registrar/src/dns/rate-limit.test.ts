import { expect, it } from 'vitest';
import { networkOf, networksMax, ResponseLimiter } from './rate-limit.js';

it('a network gets its burst, then its rate; over it every second query is told to use TCP', () => {
  const limiter = new ResponseLimiter({ perSecond: 10, burst: 3 });
  const take = (nowMs: number) => limiter.take('192.0.2.1', nowMs);
  expect([0, 0, 0, 0, 0, 0, 0].map(take)).toEqual([
    'answer',
    'answer',
    'answer',
    'drop',
    'truncate',
    'drop',
    'truncate',
  ]);
  expect(take(100)).toBe('answer');
  expect(take(100)).toBe('drop');
  // Quiet for long: the burst, and no more.
  expect([9e9, 9e9, 9e9, 9e9].map(take)).toEqual(['answer', 'answer', 'answer', 'truncate']);
  // A clock that goes back gives nothing.
  expect(take(0)).toBe('drop');
});

it('addresses of one network share, others do not', () => {
  const limiter = new ResponseLimiter({ perSecond: 1, burst: 1 });
  expect(limiter.take('192.0.2.1', 0)).toBe('answer');
  expect(limiter.take('192.0.2.255', 0)).toBe('drop');
  expect(limiter.take('192.0.3.1', 0)).toBe('answer');
});

it.each([
  ['192.0.2.77', '192.0.2'],
  ['::ffff:192.0.2.77', '192.0.2'],
  ['2001:db8:1:ff42::1', '2001:db8:1:ff00'],
  ['2001:0DB8:1:ff99:aaaa::1', '2001:db8:1:ff00'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['2001::', '2001:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is of %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

it('remembers a bounded number of networks, those that asked last', () => {
  const limiter = new ResponseLimiter({ perSecond: 1, burst: 1 });
  for (let at = 0; at < networksMax + 100; at += 1) {
    limiter.take(`${at >> 16}.${(at >> 8) & 255}.${at & 255}.1`, 0);
  }
  expect(limiter.size).toBe(networksMax);
  expect(limiter.take('1.0.99.1', 0)).toBe('drop');
  expect(limiter.take('0.0.0.1', 0)).toBe('answer');
});
