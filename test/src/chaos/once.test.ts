import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buyByHand,
  countStatuses,
  exchange,
  type HandRequest,
  openSockets,
  requestBytes,
  statusAfterwards,
  statusOf,
} from './by-hand.js';
import { openMsMax } from './faults-scene.js';
import { goodsFor } from './goods.js';
import { type Child, killAll, until } from './processes.js';
import { openWorld, type RouteName, type World } from './world.js';

/** How often one credential is presented at the same time. */
const presentations = 1_000;

let world: World;
let gateway: Child;

beforeAll(async () => {
  world = await openWorld();
  gateway = await world.startGateway();
}, openMsMax);

afterAll(async () => {
  await killAll();
  await world.close();
});

/** Opens all connections first, then presents the same credential on every one of them. */
async function presentOnAll(path: string, credential: string, request: HandRequest): Promise<string[]> {
  const bytes = requestBytes(path, credential, request);
  const sockets = await openSockets(Number(new URL(world.url).port), presentations);
  return Promise.all(sockets.map((socket) => exchange(socket, bytes)));
}

describe(`${presentations} presentations of one credential at the same time`, () => {
  const requests: readonly (readonly [RouteName, HandRequest])[] = [
    ['safe', { method: 'GET' }],
    ['stream', { method: 'GET' }],
    ['idempotent', { method: 'PUT', body: '{"item":"one"}' }],
    ['once', { method: 'POST', body: '{"item":"one"}' }],
  ];

  it.each(requests)('on a %s route: exactly one 200', async (route, request) => {
    const path = `/${route}/one`;
    const { credential, preimage } = await buyByHand(world.wallet, world.url + path, request);
    const answers = await presentOnAll(path, credential, request);

    const { 200: served = 0, 402: used = 0, 409: busy = 0, ...other } = countStatuses(answers);
    expect(other).toEqual({});
    expect(served).toBe(1);
    expect(used + busy).toBe(presentations - 1);
    expect(answers.filter((answer) => answer.includes('Payment-Receipt:'))).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes('"goods"'))).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes(preimage))).toEqual([]);
    expect(await statusAfterwards(world.url, path, credential, request)).toBe(402);
    expect(world.goods.hitsOf(path)).toHaveLength(1);
  });

  it('while the upstream works: all others are told so, and then one 200', async () => {
    const path = '/once/slow';
    const request = { method: 'POST', body: '{"item":"slow"}' };
    const { credential } = await buyByHand(world.wallet, world.url + path, request);
    let release = () => {};
    world.goods.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bytes = requestBytes(path, credential, request);
    const sockets = await openSockets(Number(new URL(world.url).port), presentations);
    let refused = 0;
    const all = sockets.map(async (socket) => {
      const answer = await exchange(socket, bytes);
      if (statusOf(answer) !== 200) refused += 1;
      return answer;
    });
    await until('all but one are refused', () => refused === presentations - 1);
    release();
    const answers = await Promise.all(all);
    expect(countStatuses(answers)).toEqual({ 200: 1, 409: presentations - 1 });
    expect(answers.find((answer) => statusOf(answer) === 200)).toContain(goodsFor(path));
    expect(world.goods.hitsOf(path)).toHaveLength(1);
  });

  it('and afterwards, at a gateway that was started anew: used', async () => {
    const path = '/safe/anew';
    const { credential } = await buyByHand(world.wallet, world.url + path);
    const [first] = await Promise.all(
      (await openSockets(Number(new URL(world.url).port), 1)).map((socket) =>
        exchange(socket, requestBytes(path, credential)),
      ),
    );
    expect(statusOf(first ?? '')).toBe(200);
    expect((await gateway.kill('SIGTERM')).code).toBe(0);

    const ledger = await world.openLedger();
    const totals = await ledger.totals();
    await ledger.close();
    expect(totals.map(({ state, count: claims }) => ({ state, claims }))).toEqual([
      { state: 'answered', claims: 6 },
    ]);

    gateway = await world.startGateway();
    const answers = await presentOnAll(path, credential, {});
    // The new process knows it only from the ledger: while it looks there, others are told to wait.
    const { 402: used = 0, 409: busy = 0, ...other } = countStatuses(answers);
    expect(other).toEqual({});
    expect(used).toBeGreaterThan(0);
    expect(used + busy).toBe(presentations);
    expect(answers.filter((answer) => answer.includes('"goods"'))).toEqual([]);
    expect(await statusAfterwards(world.url, path, credential)).toBe(402);
  });
});

describe('a once route whose gateway was killed while its upstream worked', () => {
  it('resolved as delivered: the buyer is told that the answer is lost, and nothing is repeated', async () => {
    const path = '/once/resolved';
    const request = { method: 'POST', body: '{"item":"resolved"}' };
    const { challenge, credential } = await buyByHand(world.wallet, world.url + path, request);
    const presented = async (): Promise<string> => {
      const [socket] = await openSockets(Number(new URL(world.url).port), 1);
      if (socket === undefined) throw new Error('no connection');
      return exchange(socket, requestBytes(path, credential, request));
    };
    let release = () => {};
    world.goods.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = world.goods.nextHit();
    const broken = presented().catch(() => '');
    await asked;
    await gateway.kill('SIGKILL');
    expect(statusOf(await broken)).toBe(0);
    release();

    const words = ['ledger', 'resolve', challenge.id, '--delivered', '--yes', '--json'];
    const resolving = world.farebox(words);
    expect([(await resolving.exited).code, resolving.stderr]).toEqual([0, '']);
    expect(JSON.parse(resolving.stdout)).toMatchObject({ before: 'claimed', state: 'cut' });

    gateway = await world.startGateway();
    const told = await presented();
    expect(statusOf(told)).toBe(409);
    expect(told).toContain('answer-lost');
    expect(world.goods.hitsOf(path)).toHaveLength(1);
  });
});
