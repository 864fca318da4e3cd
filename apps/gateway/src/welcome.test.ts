import { expect, it } from 'vitest';
import { checkConfig } from './config/load.js';
import { welcome } from './welcome.js';

const route = (match: string, more: object = {}) => ({ match, upstream: 'api', price: '1 sat', ...more });
const config = checkConfig({
  realm: 'http://shop.test',
  lightning: { node: { kind: 'devnet' } },
  keys: {},
  upstreams: { api: 'http://127.0.0.1:9' },
  routes: [
    route('GET /sold'),
    route('GET /open', { price: 'free' }),
    route('GET /shadow/*', { mode: 'shadow' }),
    route('GET /some', { free: { requests: 5, per: 'hour', by: 'client' } }),
    route('GET /keyed', { free: { requests: 100, per: 'day', by: 'key' } }),
  ],
});

it('says what a request really costs, and where everything listens', () => {
  const url = 'http://127.0.0.1:1';
  const lines = (more: { adminUrl?: string; metricsUrl?: string }) =>
    welcome(config, { adminUrl: undefined, metricsUrl: undefined, ...more, url })
      .split('\n')
      .map((line) => line.trim());
  const sold = [
    'Farebox serves http://shop.test at http://127.0.0.1:1',
    '1 sat  GET /sold  →  api',
    'free  GET /open  →  api',
    'shadow (1 sat)  GET /shadow/*  →  api',
    '5 free an hour, then 1 sat  GET /some  →  api',
    '100 free a day, then 1 sat  GET /keyed  →  api',
  ];
  expect(lines({})).toEqual([...sold, '']);
  expect(lines({ adminUrl: 'http://127.0.0.1:2', metricsUrl: 'http://127.0.0.1:3' })).toEqual([
    ...sold,
    'The admin API is at http://127.0.0.1:2',
    'Metrics are at http://127.0.0.1:3/metrics',
    '',
  ]);
});
