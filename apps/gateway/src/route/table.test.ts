import { describe, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import type { ConfigInput } from '../config/schema.js';
import type { Upstream } from '../upstream/upstream.js';
import { createRouteTable, type RouteTable, upstreamTarget } from './table.js';

const upstream: Upstream = { host: 'a.test', send: () => () => {}, close: async () => {} };

function table(routes: ConfigInput['routes']): RouteTable {
  const config = checkConfig({
    realm: 'x',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { a: 'http://a.test/base' },
    routes,
  });
  return createRouteTable(config, new Map([['a', upstream]]));
}

function nameOf(routes: RouteTable, method: string, path: string): string {
  const found = routes.find(method, path);
  return found.kind === 'route' ? found.route.name : found.kind;
}

describe('the route table', () => {
  it('prefers the specific path, whatever the order', () => {
    const routes = table([
      { match: 'GET /v1/*', upstream: 'a', price: '1 sat' },
      { match: 'GET /v1/:id', upstream: 'a', price: '2 sat' },
      { match: 'GET /v1/free', upstream: 'a', price: 'free' },
    ]);
    expect(nameOf(routes, 'GET', '/v1/free')).toBe('GET /v1/free');
    expect(nameOf(routes, 'GET', '/v1/other')).toBe('GET /v1/:id');
    expect(nameOf(routes, 'GET', '/v1/other/deep')).toBe('GET /v1/*');
    expect(nameOf(routes, 'GET', '/v1')).toBe('none');
    expect(nameOf(routes, 'GET', '/v2/x')).toBe('none');
  });

  it('answers HEAD by GET, unless HEAD is named', () => {
    const routes = table([
      { match: 'GET /a', upstream: 'a', price: '1 sat' },
      { match: 'GET /b', upstream: 'a', price: '1 sat' },
      { match: 'HEAD /b', upstream: 'a', price: 'free' },
      { match: 'ANY /a', upstream: 'a', price: 'free' },
    ]);
    expect(nameOf(routes, 'HEAD', '/a')).toBe('GET /a');
    expect(nameOf(routes, 'HEAD', '/b')).toBe('HEAD /b');
    expect(nameOf(routes, 'POST', '/a')).toBe('ANY /a');
    expect(nameOf(routes, 'PROPFIND', '/a')).toBe('method');
  });

  it('takes long segments', () => {
    const routes = table([{ match: 'GET /a/:id', upstream: 'a', price: '1 sat' }]);
    expect(nameOf(routes, 'GET', `/a/${'x'.repeat(2_000)}`)).toBe('GET /a/:id');
  });

  it('gives each method its effect, unless the route says one', () => {
    const routes = table([
      { match: 'ANY /a', upstream: 'a', price: '1 sat' },
      { match: 'POST /b', upstream: 'a', price: '1 sat', effect: 'safe' },
    ]);
    const effects = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'].map((method) => {
      const found = routes.find(method, '/a');
      return found.kind === 'route' ? found.route.terms?.effect : found.kind;
    });
    expect(effects).toEqual(['safe', 'safe', 'safe', 'idempotent', 'idempotent', 'once', 'once']);
    const read = routes.find('POST', '/b');
    expect(read.kind === 'route' && read.route.terms?.effect).toBe('safe');
  });

  it('makes the target: base path, without the prefix, the query untouched', () => {
    const routes = table([{ match: 'GET /btc/*', upstream: 'a', price: 'free', strip_prefix: '/btc' }]);
    const found = routes.find('GET', '/btc/tip');
    if (found.kind !== 'route') throw new Error(found.kind);
    expect(upstreamTarget(found.route, '/btc/tip', 'a=%2F&b')).toBe('/base/tip?a=%2F&b');
    expect(upstreamTarget(found.route, '/btc/tip', '')).toBe('/base/tip');
  });
});
