import { join } from 'node:path';
import { type GatewayConfig, loadConfig } from '@farebox/gateway';
import { decodeRequest, parseChallenges } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../house.js';
import { askablePath, type ListedOperation, listedOperations } from './served-openapi.js';
import { openShop, type Shop } from './shop.js';

// R55, R46, R37: examples/xverse sells the whole route table of the Xverse API, and its catalogue lists all of it.

let config: GatewayConfig;
let shop: Shop;
let listed: ListedOperation[];
beforeAll(async () => {
  config = await loadConfig(join(root, 'examples/xverse/farebox.yaml'));
  shop = await openShop(config);
  listed = await listedOperations(shop.url);
});
afterAll(() => shop.close());

/** The endpoints that research names one by one, with a value in each name, and the roots of the modules. */
const known = [
  'GET /v1/bitcoin/price',
  'GET /v1/bitcoin/address/bc1q/balance',
  'GET /v1/bitcoin/address/bc1q/utxo?offset=0&limit=60',
  'GET /v2/bitcoin/address/bc1q/utxo?excludeAllInscriptionUtxos=true',
  'GET /v1/ordinals/address/bc1q/inscriptions',
  'GET /v1/ordinals/address/bc1q/runes',
  'GET /v1/ordinals/address/bc1q/brc20',
  'GET /v1/runes',
  'GET /v1/runes/840000:1',
  'GET /v1/runes/balances/bc1q',
  'GET /v1/runes/transactions/bc1q',
  'GET /v2/runes/address/bc1q/balance',
  'GET /v1/brc20/ticker/ordi',
  'POST /v1/brc20/swaps/quotes',
  'POST /v1/swaps/runes/quotes',
  'POST /v1/portfolio/register',
  'GET /v1/block/current',
  'GET /v1/block/height/0',
  'POST /v1/bitcoin/rpc',
  'POST /v2/bitcoin/rpc',
  ...[
    'bitcoin',
    'block',
    'ordinals',
    'inscriptions',
    'runes',
    'brc20',
    'spark',
    'portfolio',
    'swaps',
    'subscriptions',
  ].map((module) => `GET /v1/${module}`),
  'POST /v1/subscriptions',
];

const modules = [
  'Bitcoin',
  'Bitcoin RPC',
  'Blocks',
  'BRC-20',
  'Inscriptions',
  'Ordinals',
  'Portfolio',
  'Runes',
  'Spark',
  'Subscriptions',
  'Swaps',
];

/** Asks without paying; the answer and what its one challenge asks for. */
async function unpaid(method: string, target: string): Promise<{ status: number; request: unknown }> {
  const answer = await fetch(shop.url + target, method === 'GET' ? {} : { method, body: '{}' });
  await answer.arrayBuffer();
  const { challenges } = parseChallenges([answer.headers.get('www-authenticate') ?? '']);
  return { status: answer.status, request: decodeRequest(challenges[0]?.request ?? '') };
}

describe('examples/xverse', () => {
  it('R55 has every module of the documentation', () => {
    expect([...new Set(listed.flatMap(({ operation }) => operation.tags ?? []))].sort()).toEqual(
      [...modules].sort(),
    );
  });

  it('lists every route once, for one satoshi', () => {
    expect(listed).toHaveLength(config.routes.length);
    for (const { method, path, operation } of listed) {
      expect([method, path, operation['x-payment-info']?.offers]).toEqual([
        method,
        path,
        [{ intent: 'charge', method: 'lightning', amount: '1', currency: 'sat', description: '1 sat' }],
      ]);
      expect(operation.responses).toHaveProperty('402');
    }
  });

  it('answers every listed endpoint 402, and asks for one satoshi', async () => {
    for (const { method, path } of listed) {
      const answer = await unpaid(method, askablePath(path));
      expect([method, path, answer]).toEqual([
        method,
        path,
        { status: 402, request: expect.objectContaining({ amount: '1', currency: 'sat' }) },
      ]);
    }
    expect(shop.asked).toEqual([]);
  });

  it.each(known)('sells %s', async (endpoint) => {
    const [method = '', target = ''] = endpoint.split(' ');
    expect(await unpaid(method, target)).toMatchObject({ status: 402, request: { amount: '1' } });
  });

  it('knows no path beside', async () => {
    for (const path of ['/', '/v1', '/v2/bitcoin', '/v3/bitcoin/price', '/v1/sparks', '/v1/runesx', '/admin'])
      expect((await fetch(shop.url + path)).status).toBe(404);
  });
});
