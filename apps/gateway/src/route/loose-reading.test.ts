import { describe, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import type { ConfigInput } from '../config/schema.js';
import type { Upstream } from '../upstream/upstream.js';
import { createRouteTable } from './table.js';

const upstream: Upstream = { host: 'a.test', send: () => () => {}, close: async () => {} };

function findIn(routes: readonly (readonly [match: string, price: string])[]): (path: string) => string {
  const config = checkConfig({
    realm: 'x',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { a: 'http://a.test' },
    routes: routes.map(([match, price]) => ({ match, upstream: 'a', price })) as ConfigInput['routes'],
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
});
