import { describe, expect, it } from 'vitest';
import { ConfigError } from './error.js';
import { checkConfig } from './load.js';

const path = '0x20c0000000000000000000000000000000000000';
const shop = '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00';
const tempo = {
  rpc: 'http://127.0.0.1:8545',
  tokens: { pathUSD: { address: path.toUpperCase().replace('0X', '0x'), recipient: shop } },
};
const lightning = { node: { kind: 'devnet' } };

function config(price: unknown, more: Record<string, unknown> = {}) {
  const input = { realm: 'x', upstreams: { a: 'http://a.test' }, ...more };
  return checkConfig(
    { ...input, routes: [{ match: 'GET /', upstream: 'a', price, description: 'one page' }] },
    { directory: '/shop' },
  );
}

function faults(price: unknown, more: Record<string, unknown> = {}): string {
  try {
    config(price, more);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('prices in two methods', () => {
  it('become an offer each, lightning last', () => {
    const { routes } = config(['1 sat', '0.01 pathUSD'], { tempo, lightning });
    expect(routes[0]?.offers).toEqual([
      {
        method: 'tempo',
        intent: 'charge',
        price: { amount: 10_000n, currency: path },
        description: 'one page',
      },
      {
        method: 'lightning',
        intent: 'charge',
        price: { amount: 1n, currency: 'sat' },
        description: 'one page',
      },
    ]);
  });

  it('need what they are paid with', () => {
    expect(faults('1 sat', { tempo })).toMatch(/lightning: is required while a price is in sat/);
    expect(faults('0.01 pathUSD')).toMatch(/pathUSD, which is not under tempo\.tokens/);
    expect(faults('0.0000001 pathUSD', { tempo })).toMatch(/more than 6 digits/);
    expect(faults(['free', '1 sat'], { lightning })).toMatch(/write free alone/);
    expect(faults(['1 sat', '2 sat'], { lightning })).toMatch(/one way of paying twice/);
  });
});

describe('tempo', () => {
  it('has splits by share and by amount, and a fee payer', () => {
    const recipient = shop;
    const splits = [
      { recipient: path, percent: 2.5 },
      { recipient: path, amount: '0.001' },
    ];
    const read = config('0.01 pathUSD', {
      tempo: {
        ...tempo,
        tokens: { pathUSD: { address: path, recipient, sponsored: true, splits } },
        fee_payer: { key_file: 'key', token: 'pathUSD', budget: '5' },
      },
    });
    expect(read.tempo).toMatchObject({
      chainId: 4217,
      push: false,
      tokens: [{ splits: [{ basisPoints: 250 }, { amount: 1_000n }], sponsored: true }],
      feePayer: { keyFile: '/shop/key', budget: 5_000_000n, feeMax: 50_000n, budgetWindowMs: 86_400_000 },
    });
  });

  it('says what is missing', () => {
    const sponsored = { pathUSD: { address: path, recipient: shop, sponsored: true } };
    expect(faults('0.01 pathUSD', { tempo: { ...tempo, tokens: sponsored } })).toMatch(
      /fee_payer: is required/,
    );
    expect(faults('0.01 pathUSD', { tempo: { ...tempo, rpc_file: 'rpc' } })).toMatch(/beside rpc; keep one/);
  });
});

describe('tempo without a node', () => {
  it('is on the chain of the devnet, which names itself, unless a chain is named', () => {
    const { tokens } = tempo;
    expect(config('0.01 pathUSD', { tempo: { tokens } }).tempo).toMatchObject({
      rpcUrl: undefined,
      rpcFile: undefined,
      chainId: undefined,
    });
    expect(config('0.01 pathUSD', { tempo: { tokens, chain: 1337 } }).tempo?.chainId).toBe(1337);
    expect(config('0.01 pathUSD', { tempo: { tokens, rpc_file: 'rpc' } }).tempo).toMatchObject({
      rpcFile: '/shop/rpc',
      chainId: 4217,
    });
  });
});

describe('a rate that an upstream tells', () => {
  it('is asked for behind its base path, and the upstream must be there', () => {
    const rates = { USD: { upstream: 'a', path: '/btc?in=usd', at: '/usd' } };
    const upstreams = { a: 'http://10.0.0.7:9000/api/' };
    expect(config('0.002 USD', { lightning, rates, upstreams }).rates).toMatchObject([
      { place: { kind: 'upstream', from: 'http://10.0.0.7:9000/api/btc?in=usd', at: '/usd' } },
    ]);
    const strange = { USD: { upstream: 'b', path: '/btc' } };
    expect(faults('0.002 USD', { lightning, rates: strange })).toMatch(/"b", which is not under upstreams/);
    for (const path of ['btc', '//evil.test@x#', '/a b'])
      expect(faults('0.002 USD', { lightning, rates: { USD: { upstream: 'a', path } } })).toMatch(/rates/);
  });
});

describe('lightning.node', () => {
  it('is of any kind, its secret in a file', () => {
    const node = { kind: 'lnd', url: 'https://lnd.test:8080', macaroon_file: 'invoice.macaroon' };
    expect(config('1 sat', { lightning: { node } }).node).toMatchObject({
      kind: 'lnd',
      macaroon: { file: '/shop/invoice.macaroon' },
    });
  });

  it('may be named by the environment instead, with paths from where the program runs', () => {
    const routes = [{ match: 'GET /', upstream: 'a', price: '1 sat' }];
    const input = { realm: 'x', upstreams: { a: 'http://a.test' }, routes };
    const from = (environment: Record<string, string>, more = {}) =>
      checkConfig({ ...input, ...more }, { directory: '/shop', environment }).node;
    const lnd = { FAREBOX_NODE_KIND: 'lnd', FAREBOX_NODE_MACAROON_FILE: 'invoice.macaroon' };
    expect(from(lnd)).toMatchObject({ kind: 'lnd', macaroon: { file: 'invoice.macaroon' } });
    expect(from(lnd, { lightning: { pool: { size: 4 } } })).toMatchObject({ kind: 'lnd' });
    expect(from({ FAREBOX_NODE_KIND: 'devnet' })).toMatchObject({ kind: 'devnet' });
    const same = { lightning: { node: { kind: 'phoenixd', password_env: 'FAREBOX_NODE_PASSWORD' } } };
    const phoenixd = { FAREBOX_NODE_KIND: 'phoenixd', FAREBOX_NODE_PASSWORD: 'x' };
    expect(from(phoenixd, same)).toEqual(from(phoenixd));
    expect(() => from(lnd, same)).toThrow(/is not the node of FAREBOX_NODE_KIND/);
    expect(() => from({ FAREBOX_NODE_KIND: 'lnd', FAREBOX_NODE_URL: 'x' })).toThrow(/FAREBOX_NODE_\w+/);
    expect(() => from({}, { lightning: {} })).toThrow(/needs node/);
    expect(() => from({})).toThrow(/is required while a price is in sat/);
    expect(() => from({ FAREBOX_NODE_URL: 'http://x' })).toThrow(/is required while a price is in sat/);
  });

  it('says what a kind needs, and never takes the secret itself', () => {
    expect(faults('1 sat', { lightning: { node: { kind: 'lnd' } } })).toMatch(/macaroon_file/);
    expect(faults('1 sat', { lightning: { node: { kind: 'cln', macaroon_file: 'x' } } })).toMatch(
      /no key of cln/,
    );
    const said = faults('1 sat', { lightning: { node: { kind: 'lnd', macaroon: 'deadbeef' } } });
    expect(said).toMatch(/macaroon: is not a known key/);
    expect(said).not.toMatch(/deadbeef/);
  });
});
