import { describe, expect, it } from 'vitest';
import { checkConfig, parseConfig } from './load.js';

const base = {
  realm: 'http://localhost',
  lightning: { node: { kind: 'devnet' } },
  upstreams: { api: 'http://127.0.0.1:9' },
  routes: [{ match: 'GET /x', upstream: 'api', price: '1 sat' }],
};
const withRoute = (more: object, rest: object = {}) => ({
  ...base,
  ...rest,
  routes: [{ match: 'GET /x', upstream: 'api', price: '1 sat', ...more }],
});

describe('keys and plans', () => {
  it('are off unless they are written, and then have a header, a prefix, a place and a default plan', () => {
    expect(checkConfig(base).keys).toBeUndefined();
    const { keys } = checkConfig({ ...base, keys: {} }, { directory: '/srv' });
    expect(keys).toMatchObject({
      header: 'x-api-key',
      prefix: 'fb_live_',
      store: { kind: 'sqlite', path: '/srv/farebox.keys.db' },
    });
    expect(keys?.plans.get('default')?.windows).toMatchObject([{ requests: 10 }, { requests: 600 }]);
  });

  it('lie beside the ledger: in a file, or in a schema of their own', () => {
    const place = (rest: object) =>
      checkConfig({ ...base, keys: {}, ...rest }, { directory: '/srv' }).keys?.store;
    expect(place({ ledger: 'sqlite:/var/shop.db' })).toEqual({ kind: 'sqlite', path: '/var/shop.keys.db' });
    expect(place({ ledger: 'sqlite::memory:' })).toEqual({ kind: 'sqlite', path: ':memory:' });
    expect(place({ keys: { store: 'sqlite:k.db' } })).toEqual({ kind: 'sqlite', path: '/srv/k.db' });
    expect(place({ ledger: 'postgres://h/d' })).toEqual({ kind: 'postgres', schema: 'farebox_keys' });
    expect(place({ ledger: 'postgres://h/d', ledger_schema: 'shop' })).toEqual({
      kind: 'postgres',
      schema: 'shop_keys',
    });
  });

  it('windows stand shortest first, whatever their order in the file', () => {
    const { keys } = checkConfig({
      ...base,
      keys: {},
      plans: {
        big: {
          quota: [
            { requests: 9, per: 'month' },
            { requests: 8, per: 'day' },
          ],
          rate: [
            { requests: 7, per: '2h' },
            { requests: 6, per: '1s' },
          ],
          key_life: '10d',
        },
      },
    });
    const plan = keys?.plans.get('big');
    expect(plan?.windows.map(({ name }) => name)).toEqual(['1s', '2h', 'day', 'month']);
    expect(plan?.keyLifeMs).toBe(864_000_000);
  });

  it.each([
    [{ ...base, plans: {} }, /plans: are for keys; add keys: \{\}/],
    [{ ...base, keys: {}, plans: { Big: {} } }, /plans\.Big: this name is not allowed/],
    [{ ...base, keys: {}, plans: { a: { rate: [{ requests: 0, per: '1s' }] } } }, /requests: was given 0/],
    [
      { ...base, keys: {}, plans: { a: { rate: [{ requests: 1, per: '500ms' }] } } },
      /per: was given "500ms"/,
    ],
    [{ ...base, keys: {}, plans: { a: { rate: [{ requests: 1, per: '2d' }] } } }, /or a quota/],
    [{ ...base, keys: {}, plans: { a: { quota: [{ requests: 1, per: 'week' }] } } }, /hour, day, month/],
    [
      {
        ...base,
        keys: {},
        plans: {
          a: {
            rate: [
              { requests: 1, per: '1m' },
              { requests: 2, per: '1m' },
            ],
          },
        },
      },
      /two windows of one length/,
    ],
    [{ ...base, keys: { header: 'Authorization' } }, /keys\.header/],
    [{ ...base, keys: { header: 'payment-key' } }, /keys\.header/],
    [{ ...base, keys: { prefix: '1_' } }, /keys\.prefix/],
    [{ ...base, keys: { heder: 'x' } }, /Did you mean header\?/],
    [
      { ...base, ledger: 'postgres://h/d', keys: { store: 'sqlite:k.db' } },
      /keys\.store: is not for a ledger in PostgreSQL/,
    ],
    [
      withRoute({ free: { requests: 5, by: 'key' } }),
      /keys: is required while a route has free requests by key/,
    ],
    [withRoute({ price: 'free', free: { requests: 5 } }), /free: is for routes with a price/],
    [withRoute({ labels: ['Big'] }), /labels/],
    [{ ...base, admin: { listen: '127.0.0.1:1' } }, /admin\.token_file: is required/],
  ])('%j is refused, with what is wrong', (input, message) => {
    expect(() => checkConfig(input)).toThrow(message);
  });

  it('say the line', () => {
    const text = `realm: http://localhost
lightning: { node: { kind: devnet } }
upstreams: { api: 'http://127.0.0.1:9' }
keys: {}
plans:
  trial:
    rate:
      - { requests: 2, per: 3d }
routes: [{ match: GET /x, upstream: api, price: 1 sat }]
`;
    expect(() => parseConfig(text)).toThrow(
      /^farebox\.yaml:8:\d+: plans\.trial\.rate\[0\]\.per: was given "3d"/,
    );
  });
});

describe('free requests and the admin API', () => {
  it('have their defaults', () => {
    const [route] = checkConfig(withRoute({ free: { requests: 5 } })).routes;
    expect(route?.access).toEqual({
      labels: [],
      free: { requests: 5, per: 'day', by: 'client' },
      forwardKey: false,
    });
    expect(checkConfig({ ...base, admin: { token_file: 't' } }, { directory: '/srv' }).admin).toEqual({
      listen: { host: '127.0.0.1', port: 8403 },
      tokenFile: '/srv/t',
    });
  });
});
