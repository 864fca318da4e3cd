import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTarget } from '@farebox/gate';
import { checkConfig, createGateway, createLogger, type Gateway } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import { PaperNode } from '@farebox/lightning/paper';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, targetCases } from './path-corpus.js';
import { type Exchange, exchangeAll } from './raw-client.js';
import { RecordingUpstream } from './recording-upstream.js';
import { couldBeSold } from './sloppy-readings.js';
import { smugglingCases } from './smuggling-corpus.js';

// Issue: "Path corpus of 500 or more: 0 unpaid accesses, 0 differences between gate and router". Raw sockets on both sides: what
// the client sends is not touched by a library, and what the upstream gets is written down as it came.

const prices = [
  { match: 'ANY /paid/*', upstream: 'api', price: '1 sat' },
  { match: 'ANY /premium/report', upstream: 'api', price: '5 sat' },
  { match: 'ANY /free/*', upstream: 'api', price: 'free' },
] as const;

interface World {
  readonly gateway: Gateway;
  readonly port: number;
}

const upstream = new RecordingUpstream();
const worlds: Record<'listed' | 'open', World | undefined> = { listed: undefined, open: undefined };
let folder = '';

async function open(url: string, routes: readonly object[], file: string): Promise<World> {
  const config = checkConfig({
    realm: 'http://shop.test',
    listen: '127.0.0.1:0',
    mint_budget: 'off',
    lightning: { node: { kind: 'devnet' }, pool: 'off' },
    upstreams: { api: url },
    catalog: false,
    routes,
  });
  const node = new PaperNode();
  node.premint(8, { amountMsat: 1_000n, description: '', expirySeconds: 305 }, { reuse: true });
  node.premint(8, { amountMsat: 5_000n, description: '', expirySeconds: 305 }, { reuse: true });
  const ledger = await openSqliteLedger({ path: join(folder, file) });
  const gateway = await createGateway(config, {
    secrets: ['a secret for the corpus, 32 bytes and more'],
    logger: createLogger('silent'),
    ledger,
    node,
  });
  const { port } = await gateway.listen();
  return { gateway, port };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-corpus-'));
  const url = await upstream.listen();
  worlds.listed = await open(url, prices, 'listed.db');
  worlds.open = await open(url, [...prices, { match: 'ANY /*', upstream: 'api', price: 'free' }], 'open.db');
});
afterAll(async () => {
  for (const world of Object.values(worlds)) {
    await world?.gateway.close({ drainMs: 100 });
    await world?.gateway.ledger.close();
  }
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

function worldOf(kind: 'listed' | 'open'): World {
  const world = worlds[kind];
  if (world === undefined) throw new Error('The gateway did not start.');
  return world;
}

const statuses: Readonly<Record<Outcome, number>> = { bad: 400, asked: 402, free: 200, none: 404 };
/** A query that is empty is none: the one thing that has two spellings, and one form. */
const normal = (target: string): string => target.replace(/\?$/, '');
const targetOf = (line: string): string => line.split(' ')[1] ?? '';

describe.each(['listed', 'open'] as const)('targets at the %s table', (kind) => {
  it('has a corpus of at least 500', () => {
    expect(new Set(targetCases.map(({ target }) => target)).size).toBeGreaterThanOrEqual(500);
  });

  it('each ends as the table says, and reaches the upstream as it was sent or not at all', async () => {
    upstream.seen.length = 0;
    const exchanges = targetCases.map(
      ({ target }, index): Exchange => ({
        bytes: `GET ${target} HTTP/1.1\r\nHost: shop.test\r\nX-Case: ${index}\r\nConnection: close\r\n\r\n`,
        incomplete: false,
      }),
    );
    const answers = await exchangeAll(worldOf(kind).port, exchanges);
    const wrong = targetCases.flatMap((each, index) => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answers[index] ?? '')?.[1] ?? 0);
      return status === statuses[each[kind]] ? [] : [`${status} ${each.target.slice(0, 80)}`];
    });
    expect(wrong).toEqual([]);

    // What came through is what was free, each once, as it was sent.
    const free = targetCases.flatMap((each, index) =>
      each[kind] === 'free' ? [`${index} ${normal(each.target)}`] : [],
    );
    const seen = upstream.seen.map(({ line, fields }) => {
      const index = fields.find(([name]) => name === 'x-case')?.[1] ?? 'none';
      return `${index} ${targetOf(line)}`;
    });
    expect(seen.sort()).toEqual(free.sort());
    // And no server on earth would take any of it for what is sold.
    expect(upstream.seen.map(({ line }) => targetOf(line)).filter(couldBeSold)).toEqual([]);
  });

  it('gate and router read what is served in the same normal form', () => {
    for (const { target, ...outcome } of targetCases) {
      const read = readTarget(target);
      if (outcome[kind] === 'asked' || outcome[kind] === 'free') expect(read.ok, target).toBe(true);
      if (!read.ok) expect(outcome[kind], target).toBe('bad');
      else expect(read.query === '' ? read.path : `${read.path}?${read.query}`).toBe(normal(target));
    }
  });
});

describe.each(['listed', 'open'] as const)('messages at the %s table', (kind) => {
  it('none brings the upstream a request that is sold, or one that nobody sent', async () => {
    upstream.seen.length = 0;
    upstream.rests.length = 0;
    await exchangeAll(worldOf(kind).port, smugglingCases);
    const seen = upstream.seen.map(({ line }) => line);
    expect(seen.filter((line) => couldBeSold(targetOf(line)) || line.includes('smuggled'))).toEqual([]);
    // Every one names the case that sent it: what has none was made of somebody's body.
    expect(upstream.seen.filter(({ fields }) => !fields.some(([name]) => name === 'x-case'))).toEqual([]);
    for (const { fields } of upstream.seen) {
      const names = fields.map(([name]) => name);
      expect(names.filter((name) => name === 'host')).toHaveLength(1);
      expect(
        names.filter((name) => name === 'content-length' || name === 'transfer-encoding').length,
      ).toBeLessThan(2);
      expect(names.filter((name) => /^(?:x-original-url|x-rewrite-url|x-http-method.*)$/.test(name))).toEqual(
        [],
      );
      expect(fields.filter(([, value]) => value === 'evil.test')).toEqual([]);
    }
    // What broke off is a request that the client broke off, and not a byte of another one.
    expect(upstream.rests.filter((rest) => !/^POST \/free\/x HTTP\/1\.1\r\n/.test(rest))).toEqual([]);
  });

  it('has at least 100 messages, and the two corpora together change nothing in the books', async () => {
    expect(smugglingCases.length).toBeGreaterThanOrEqual(100);
    const totals = await worldOf(kind).gateway.ledger.totals();
    expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(0);
  });
});
