import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createBitcoinApi } from './api.js';
import { openapi } from './openapi.js';
import { rpcPassword, startFacade } from './testing/facade.js';
import { address, own, paymentTxid, tip } from './testing/recordings.js';

const price = { currency: 'USD', rate: 1 };

const document = Object.entries(openapi.paths).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
);

describe('openapi', () => {
  it('lists exactly the routes of the router', () => {
    const api = createBitcoinApi({ rpc: { url: 'http://127.0.0.1:1' }, price });
    const routes = api.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(routes)].toSorted()).toEqual(document.toSorted());
  });

  it('is what the API serves', async () => {
    const api = createBitcoinApi({ rpc: { url: 'http://127.0.0.1:1' }, price });
    expect(await (await api.request('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(openapi)));
  });

  it('declares every parameter that stands in a path', () => {
    for (const [path, item] of Object.entries(openapi.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = z
        .object({
          get: z.object({ parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]) }),
        })
        .safeParse(item).data?.get.parameters;
      const declared = (parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect(declared).toEqual(inPath);
    }
  });

  it.each([
    ['/v1/bitcoin/price', 'Price'],
    ['/v1/bitcoin/blocks/tip', 'BlockAnswer'],
    [`/v1/bitcoin/blocks/${tip.hash}`, 'BlockAnswer'],
    ['/v1/bitcoin/blocks/0', 'BlockAnswer'],
    [`/v1/bitcoin/transactions/${paymentTxid}`, 'Transaction'],
    [`/v1/bitcoin/transactions/${own.spending}`, 'Transaction'],
    [`/v1/bitcoin/address/${address}/balance`, 'Balance'],
    [`/v1/bitcoin/address/${address}/utxo`, 'UtxoPage'],
    ['/v1/bitcoin/fees/estimate', 'FeeEstimate'],
    ['/v1/bitcoin/fees/mempool', 'MempoolFees'],
    ['/v1/bitcoin/blocks/x', 'Problem'],
  ] as const)('describes the answer of %s', async (path, name) => {
    const node = await startFacade();
    const api = createBitcoinApi({ rpc: { url: node.url, user: 'me', password: rpcPassword }, price });
    const answer: unknown = await (await api.request(path)).json();
    await node.close();
    const { schemas } = openapi.components;
    // The converter reads references from $defs.
    const text = JSON.stringify({ ...schemas[name], $defs: schemas }).replaceAll(
      '#/components/schemas/',
      '#/$defs/',
    );
    const schema = z.fromJSONSchema(JSON.parse(text));
    expect(schema.safeParse(answer).error).toBeUndefined();
    // The schema has seen to what is required; nothing may come that is not described.
    const members = Object.keys(z.record(z.string(), z.unknown()).parse(answer));
    expect(Object.keys(schemas[name].properties)).toEqual(expect.arrayContaining(members));
    expect(schema.safeParse({}).success).toBe(false);
  });
});

describe('farebox.yaml', () => {
  const free = ['GET /healthz', 'GET /openapi.json'];

  it('sells every other endpoint for one satoshi', async () => {
    const text = await readFile(new URL('../farebox.yaml', import.meta.url), 'utf8');
    const route = z.object({ match: z.string(), upstream: z.literal('bitcoin'), price: z.literal('1 sat') });
    const { routes } = z.object({ routes: z.array(route) }).parse(parse(text));
    const sold = routes.map(({ match }) => match.replaceAll(/:(\w+)/g, '{$1}'));
    expect(sold.toSorted()).toEqual(document.filter((endpoint) => !free.includes(endpoint)).toSorted());
  });
});
