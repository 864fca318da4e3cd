import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buyByHand } from '../chaos/by-hand.js';
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
  narrow: { concurrency: 3 }
`;
  for (const name of ['farebox.yaml', 'farebox-1.yaml', 'farebox-2.yaml'])
    appendFileSync(join(world.home, name), more);
  await Promise.all(world.urls.map((_, at) => world?.startGateway(at)));
});
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

/** Sends requests to all gateways in turn, so many at a time, and tells how often each status came. */
async function send(
  count: number,
  path: string,
  headers: Record<string, string>,
): Promise<Record<number, number>> {
  const { urls } = theWorld();
  const counts: Record<number, number> = {};
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const response = await fetch(`${urls[at % urls.length]}${path}`, { headers });
      await response.arrayBuffer();
      counts[response.status] = (counts[response.status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return counts;
}

const title = 'three gateways on one PostgreSQL';
describe(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  it.skipIf(missing !== undefined).each(['monthly', 'daily'])(
    `R47 enforce one limit: of ${runs} requests with one key, plan %s, exactly ${allowed} are served`,
    async (plan) => {
      const { key } = await makeKey(plan);
      const counts = await send(runs, `/safe/${plan}`, { 'x-api-key': key });
      expect(counts).toEqual({ 200: allowed, 429: runs - allowed });
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
    await until('the rest are refused', async () => statuses.length === atOnce - 3);
    release();
    await all;
    expect(statuses.toSorted()).toEqual([200, 200, 200, ...Array(atOnce - 3).fill(429)]);
    expect(goods.hitsOf('/safe/narrow')).toHaveLength(3);
    // What has ended has made room at all of them.
    await until('a request is served again', async () => {
      const counts = await send(3, '/safe/again', { 'x-api-key': key });
      return counts[200] === 3;
    });
  });

  it.skipIf(missing !== undefined)(`give ${allowed} requests away free, and not one more`, async () => {
    expect(await send(runs, '/free/sample', {})).toEqual({ 200: allowed, 402: runs - allowed });
  });

  it.skipIf(missing !== undefined)('R48, R49 claims are exact, with a spent key beside them', async () => {
    const { wallet, url, urls, openReader } = theWorld();
    const { key } = await makeKey('spent');
    expect(await send(1, '/safe/spend', { 'x-api-key': key })).toEqual({ 200: 1 });
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
