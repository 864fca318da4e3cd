import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buyByHand } from '../chaos/by-hand.js';
import { openMsMax } from '../chaos/faults-scene.js';
import { isNodeLate } from '../chaos/presenting.js';
import { killAll, until } from '../chaos/processes.js';
import { openWorld, type World } from '../chaos/world.js';
import { privatePostgresMissing } from '../postgres.js';

/**
 * How many requests come with each key, over all gateways. The long run:
 * `LIMIT_RUNS=20000 npx vitest run test/dist/limits/three-gateways`.
 */
const runs = Number(process.env.LIMIT_RUNS ?? 120);
/** A third of them is allowed. */
const allowed = Math.floor(runs / 3);
/** Connections at a time, to all gateways together. */
const atOnce = 24;
/** The plan of a key that may have so many requests going on. */
const narrow = 3;
/** A gateway whose database has not answered for so long counts by itself, as the documents say, milliseconds. */
const aloneAfterMs = 2_000;
/** How many payments are presented, each at every gateway, several times at once. */
const payments = 4;
const presentations = 9;

const missing = privatePostgresMissing;
let world: World | undefined;

beforeAll(async () => {
  if (missing !== undefined) return;
  world = await openWorld({ store: 'postgres', gateways: 3 });
  const more = `  - { match: GET /free/:item, upstream: goods, price: 1 sat, free: { requests: ${allowed}, per: month } }
keys: {}
plans:
  monthly: { quota: [{ requests: ${allowed}, per: month }] }
  daily: { rate: [{ requests: ${allowed}, per: 24h }] }
  spent: { quota: [{ requests: 1, per: month }] }
  narrow: { concurrency: ${narrow} }
`;
  for (const name of ['farebox.yaml', 'farebox-1.yaml', 'farebox-2.yaml'])
    appendFileSync(join(world.home, name), more);
  await Promise.all(world.urls.map((_, at) => world?.startGateway(at)));
}, openMsMax);
afterAll(async () => {
  await killAll();
  await world?.close();
});

function theWorld(): World {
  if (world === undefined) throw new Error('There is no world.');
  return world;
}

interface MadeKey {
  readonly key: string;
  readonly id: string;
}

/** Makes a key as its seller would, beside the gateways. */
async function makeKey(plan: string): Promise<MadeKey> {
  const child = theWorld().farebox(['keys', 'create', '--plan', plan, '--json']);
  await child.exited;
  return JSON.parse(child.stdout);
}

/** How often each status came, and how many of the 200 came before a gateway can have begun to count by itself. */
interface Sent {
  readonly counts: Record<number, number>;
  readonly prompt: number;
}

/** Sends requests to all gateways in turn, so many at a time. */
async function send(count: number, path: string, headers: Record<string, string>): Promise<Sent> {
  const { urls } = theWorld();
  const counts: Record<number, number> = {};
  let [next, prompt] = [0, 0];
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const startMs = performance.now();
      const response = await fetch(`${urls[at % urls.length]}${path}`, { headers });
      const text = await response.text();
      if (response.status === 200 && performance.now() - startMs < aloneAfterMs) prompt += 1;
      const status = isNodeLate(response.status, text) ? 402 : response.status;
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { counts, prompt };
}

/** One limit for all of them. What the database was too slow for is counted by each, which then has a limit of its own. */
function expectOneLimit({ counts, prompt }: Sent, refusal: 402 | 429): void {
  const { 200: served = 0, [refusal]: refused = 0, ...other } = counts;
  expect(other).toEqual({});
  expect(served + refused).toBe(runs);
  expect(served).toBeGreaterThanOrEqual(allowed);
  expect(prompt).toBeLessThanOrEqual(allowed);
  expect(served).toBeLessThanOrEqual(allowed * theWorld().urls.length);
}

const title = 'three gateways on one PostgreSQL';
describe(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  it.skipIf(missing !== undefined).each(['monthly', 'daily'])(
    `R47 enforce one limit: of ${runs} requests with one key, plan %s, exactly ${allowed} are served`,
    async (plan) => {
      const { key } = await makeKey(plan);
      expectOneLimit(await send(runs, `/safe/${plan}`, { 'x-api-key': key }), 429);
    },
  );

  it.skipIf(missing !== undefined)('have so many requests of one key going on, and no more', async () => {
    const { goods } = theWorld();
    const { key } = await makeKey('narrow');
    let release = (): void => {};
    goods.hold = new Promise((resolve) => {
      release = resolve;
    });
    const statuses: number[] = [];
    const going = () => goods.hitsOf('/safe/narrow').length;
    const startMs = performance.now();
    const all = Promise.all(
      Array.from({ length: atOnce }, async (_, at) => {
        const { urls } = theWorld();
        const response = await fetch(`${urls[at % urls.length]}/safe/narrow`, {
          headers: { 'x-api-key': key },
        });
        statuses.push(response.status);
        await response.arrayBuffer();
      }),
    );
    let prompt = 0;
    await until('the rest are refused', () => {
      const [served, tookMs] = [going(), performance.now() - startMs];
      if (tookMs < aloneAfterMs) prompt = served;
      return statuses.length + served === atOnce;
    });
    const served = going();
    expect(prompt).toBeLessThanOrEqual(narrow);
    expect(served).toBeGreaterThanOrEqual(narrow);
    expect(served).toBeLessThanOrEqual(narrow * theWorld().urls.length);
    release();
    await all;
    expect(statuses.toSorted()).toEqual([...Array(served).fill(200), ...Array(atOnce - served).fill(429)]);
    expect(going()).toBe(served);
    // What has ended has made room at all of them.
    await until('a request is served again', async () => {
      const { counts } = await send(narrow, '/safe/again', { 'x-api-key': key });
      return counts[200] === narrow;
    });
  });

  it.skipIf(missing !== undefined)(`give ${allowed} requests away free, and not one more`, async () => {
    expectOneLimit(await send(runs, '/free/sample', {}), 402);
    // However busy the node was: in the end there is an invoice.
    await until('whoever comes then is asked to pay', async () => {
      const response = await fetch(`${theWorld().url}/free/sample`);
      await response.arrayBuffer();
      return response.status === 402;
    });
  });

  it.skipIf(missing !== undefined)('R48, R49 claims are exact, with a spent key beside them', async () => {
    const { wallet, url, urls, openReader } = theWorld();
    const { key } = await makeKey('spent');
    expect((await send(1, '/safe/spend', { 'x-api-key': key })).counts).toEqual({ 200: 1 });
    for (let at = 0; at < payments; at++) {
      const path = `/safe/paid-${at}`;
      const { credential } = await buyByHand(wallet, url + path);
      const headers = { Authorization: credential, 'x-api-key': key };
      const answers = await Promise.all(
        Array.from({ length: presentations }, async (_, turn) => {
          const response = await fetch(`${urls[turn % urls.length]}${path}`, { headers });
          await response.arrayBuffer();
          return { status: response.status, receipt: response.headers.has('payment-receipt') };
        }),
      );
      expect(answers.filter(({ status }) => status === 200)).toEqual([{ status: 200, receipt: true }]);
      // Used, at work at this moment, or the key's own limit: nothing else.
      for (const { status } of answers) expect([200, 402, 409, 429]).toContain(status);
    }
    const reader = await openReader();
    const movements = await reader.movements();
    await reader.close();
    const revenue = movements.filter(({ credit }) => credit === 'revenue');
    const brought = revenue.reduce((sum, { amount }) => sum + amount.amount, 0n);
    expect([revenue.reduce((sum, { count }) => sum + count, 0), brought]).toEqual([
      payments,
      BigInt(payments),
    ]);
  });

  it.skipIf(missing !== undefined)('all refuse a key that was revoked beside them', async () => {
    const { urls, farebox } = theWorld();
    const { key, id } = await makeKey('daily');
    const statuses = () =>
      Promise.all(
        urls.map(async (url) => {
          const response = await fetch(`${url}/safe/revoked`, { headers: { 'x-api-key': key } });
          await response.arrayBuffer();
          return response.status;
        }),
      );
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await farebox(['keys', 'revoke', id]).exited).code).toBe(0);
    await until('every gateway refuses it', async () => (await statuses()).every((status) => status === 401));
  });
});
