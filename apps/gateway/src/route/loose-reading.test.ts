import { describe, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import type { ConfigInput } from '../config/schema.js';
import type { Upstream } from '../upstream/upstream.js';
import { createRouteTable } from './table.js';

const upstream: Upstream = { host: 'a.test', send: () => () => {}, close: async () => {} };

type Row = readonly [match: string, price: string, more?: object];

function findIn(routes: readonly Row[]): (path: string) => string {
  const config = checkConfig({
    realm: 'x',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { a: 'http://a.test' },
    keys: {},
    routes: routes.map(([match, price, more]) => ({
      match,
      upstream: 'a',
      price,
      ...more,
    })) as ConfigInput['routes'],
  });
  const table = createRouteTable(config, new Map([['a', upstream]]));
  return (path) => {
    const found = table.find('GET', path);
    return found.kind === 'route' ? found.route.name : found.kind;
  };
}

describe('a path that could be taken for another', () => {
  it('is not served where the other costs more', () => {
    const find = findIn([
      ['GET /*', 'free'],
      ['GET /report', '5 sat'],
      ['GET /v1/:id', '1 sat'],
      ['GET /v1/all', '9 sat'],
    ]);
    expect(find('/report')).toBe('GET /report');
    for (const path of [
      '/Report',
      '/report/',
      '/report;v=1',
      '/report%3Fx',
      '/report.',
      '/v1/ALL',
      '/v1/all/',
      '/v1/all;x',
    ])
      expect(find(path), path).toBe('ambiguous');
  });

  it('is served where it makes no difference, or costs the client more', () => {
    const find = findIn([
      ['GET /*', '5 sat'],
      ['GET /docs/*', 'free'],
      ['GET /cheap', '1 sat'],
      ['GET /same/:id', '5 sat'],
      ['GET /Users/:id', '1 sat'],
      ['GET /a', '1 sat'],
      ['GET /A', '9 sat'],
    ]);
    expect(find('/docs/')).toBe('GET /docs/*');
    expect(find('/docs/Some/Page')).toBe('GET /docs/*');
    expect(find('/docs/caf%C3%A9')).toBe('GET /docs/*');
    expect(find('/CHEAP')).toBe('GET /*');
    expect(find('/SAME/x')).toBe('GET /*');
    expect(find('/Users/Ann;v=1')).toBe('GET /Users/:id');
    expect(find('/Anything/else/')).toBe('GET /*');
    expect(find('/')).toBe('GET /*');
    // Both are asked for by their own names.
    expect(find('/a')).toBe('GET /a');
    expect(find('/A')).toBe('GET /A');
  });

  it('knows patterns that end with a slash', () => {
    const find = findIn([
      ['GET /*', 'free'],
      ['GET /shop/', '5 sat'],
    ]);
    expect(find('/shop/')).toBe('GET /shop/');
    expect(find('/shop')).toBe('ambiguous');
    expect(find('/shops')).toBe('GET /*');
  });

  it('knows patterns with capitals, and with a dot at the end, from paths without', () => {
    const find = findIn([
      ['GET /*', 'free'],
      ['GET /Report', '5 sat'],
      ['GET /Shop/:Item/Price', '5 sat'],
      ['GET /end.', '5 sat'],
    ]);
    expect(find('/Report')).toBe('GET /Report');
    expect(find('/Shop/Chair/Price')).toBe('GET /Shop/:Item/Price');
    expect(find('/end.')).toBe('GET /end.');
    for (const path of ['/report', '/REPORT', '/shop/chair/price', '/end', '/End'])
      expect(find(path), path).toBe('ambiguous');
    expect(find('/shop/chair')).toBe('GET /*');
  });

  it.each<[string, object, object]>([
    ['free requests', { free: { requests: 5 } }, {}],
    ['free requests that are counted apart', { free: { requests: 5 } }, { free: { requests: 5 } }],
    ['keys', { labels: ['basic'] }, { labels: ['pro'] }],
    ['all keys', {}, { labels: ['pro'] }],
    ['more keys', { labels: ['basic', 'pro'] }, { labels: ['pro'] }],
    ['what is charged for', {}, { charge_on: 'any_response' }],
  ])('is not served at the same price either, where %s would make it cheaper', (_, wide, narrow) => {
    const find = findIn([
      ['GET /v1/*', '1 sat', wide],
      ['GET /v1/reports', '1 sat', narrow],
    ]);
    expect(find('/v1/reports')).toBe('GET /v1/reports');
    expect(find('/v1/Other')).toBe('GET /v1/*');
    for (const path of ['/v1/Reports', '/v1/reports/', '/v1/reports;v=1'])
      expect(find(path), path).toBe('ambiguous');
  });

  it('is served where keys and what is free make no difference to it', () => {
    const find = findIn([
      ['GET /v1/*', '1 sat', { labels: ['a', 'b'] }],
      ['GET /v1/reports', '1 sat', { labels: ['b', 'a'], free: { requests: 5 } }],
      ['GET /v1/open', 'free', { labels: ['c'] }],
    ]);
    expect(find('/v1/Reports')).toBe('GET /v1/*');
    expect(find('/v1/OPEN')).toBe('GET /v1/*');
  });
});
