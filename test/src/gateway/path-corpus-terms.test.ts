import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkConfig,
  createGateway,
  createLogger,
  type Gateway,
  issueKey,
  openKeyStore,
} from '@farebox/gateway';
import { PaperNode } from '@farebox/lightning/paper';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TermsCase, termsCases } from './path-corpus.js';
import { exchangeAll } from './raw-client.js';
import { RecordingUpstream } from './recording-upstream.js';
import { couldBeSold } from './sloppy-readings.js';

// The corpus at routes whose prices do not tell them apart, or that are one route: rows of a price table, free requests, keys.

const upstream = new RecordingUpstream();
const terms = { upstream: 'api', price: '1 sat' } as const;
const routes = [
  { ...terms, match: 'GET /rows/*', prices: [{ when: { path: '/rows/premium/report' }, price: '5 sat' }] },
  { ...terms, match: 'GET /quota/*', free: { requests: 100_000 } },
  { ...terms, match: 'GET /quota/premium/report' },
  { ...terms, match: 'GET /keys/*', labels: ['basic'] },
  { ...terms, match: 'GET /keys/premium/report', labels: ['pro'] },
] as const;

let folder = '';
let gateway: Gateway;
let port = 0;
let key = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-corpus-terms-'));
  const config = checkConfig({
    realm: 'http://shop.test',
    listen: '127.0.0.1:0',
    mint_budget: 'off',
    ledger: `sqlite:${join(folder, 'farebox.db')}`,
    lightning: { node: { kind: 'devnet' }, pool: 'off' },
    upstreams: { api: await upstream.listen() },
    catalog: false,
    keys: {},
    plans: { default: { rate: [{ requests: 100_000, per: '1h' }] } },
    routes,
  });
  gateway = await createGateway(config, {
    secrets: ['a secret for the corpus, 32 bytes and more'],
    logger: createLogger('silent'),
    node: new PaperNode(),
  });
  port = (await gateway.listen()).port;
  if (config.keys === undefined) throw new Error('Keys are not configured.');
  const store = await openKeyStore(config);
  key = (await issueKey(store, config.keys, { scopes: ['basic'] }, Date.now())).secret;
  await store.close();
});

afterAll(async () => {
  await gateway.close({ drainMs: 100 });
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

/** What comes back for a target: the status, and the price where one is asked. */
async function ask(place: string, field: string): Promise<string[]> {
  const answers = await exchangeAll(
    port,
    termsCases.map(({ target }) => ({
      bytes: `GET ${place}${target} HTTP/1.1\r\nHost: shop.test\r\n${field}Connection: close\r\n\r\n`,
      incomplete: false,
    })),
  );
  return answers.map((answer) => {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none';
    const price = /amount="(\d+)"/.exec(answer)?.[1];
    return status === '402' ? `402 for ${price}` : status;
  });
}

it.each<[place: string, ending: Record<TermsCase['terms'], string>]>([
  ['/rows', { other: '402 for 1', own: '402 for 5', bad: '400' }],
  ['/quota', { other: '200', own: '402 for 1', bad: '400' }],
  ['/keys', { other: '200', own: '403', bad: '400' }],
])('what could be taken for the report is never had on the terms of the rest: %s', async (place, ending) => {
  upstream.seen.length = 0;
  const got = await ask(place, place === '/keys' ? `X-Api-Key: ${key}\r\n` : '');
  const wrong = termsCases.flatMap(({ target, terms }, at) =>
    got[at] === ending[terms] ? [] : [`${got[at]} ${target}`],
  );
  expect(wrong).toEqual([]);
  const seen = upstream.seen.map(({ line }) => line.split(' ')[1]?.slice(place.length) ?? '');
  expect(seen).toHaveLength(
    ending.other === '200' ? termsCases.filter(({ terms }) => terms === 'other').length : 0,
  );
  expect(seen.filter(couldBeSold)).toEqual([]);
});
