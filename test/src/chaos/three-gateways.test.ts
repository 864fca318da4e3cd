import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privatePostgresMissing } from '../postgres.js';
import {
  buyByHand,
  countStatuses,
  exchange,
  type HandRequest,
  openSockets,
  requestBytes,
  statusAfterwards,
} from './by-hand.js';
import { openMsMax } from './faults-scene.js';
import { killAll } from './processes.js';
import { openRunning } from './storm-run.js';
import type { RouteName, World } from './world.js';

/** How often one credential is presented at the same time, over all gateways. */
const presentations = 1_000;

let world: World | undefined;
const missing = privatePostgresMissing;

beforeAll(async () => {
  if (missing === undefined) [world] = await openRunning('postgres', 3);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await world?.close();
});

/** Opens all connections first, a third of them at each gateway, then presents the credential on every one at once. */
async function presentEverywhere({ urls }: World, path: string, credential: string, request: HandRequest) {
  const bytes = requestBytes(path, credential, request);
  const sockets = await Promise.all(
    urls.map((url, at) =>
      openSockets(Number(new URL(url).port), Math.ceil((presentations - at) / urls.length)),
    ),
  );
  return Promise.all(sockets.flat().map((socket) => exchange(socket, bytes)));
}

const title = `three gateways on one PostgreSQL: ${presentations} presentations of one credential at once`;
describe(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
  const requests: readonly (readonly [RouteName, HandRequest])[] = [
    ['safe', { method: 'GET' }],
    ['stream', { method: 'GET' }],
    ['idempotent', { method: 'PUT', body: '{"item":"one"}' }],
    ['once', { method: 'POST', body: '{"item":"one"}' }],
  ];

  it.skipIf(missing !== undefined).each(requests)(
    'on a %s route: exactly one 200',
    async (route, request) => {
      if (world === undefined) throw new Error('There is no world.');
      const path = `/${route}/one`;
      const { credential, preimage } = await buyByHand(world.wallet, world.url + path, request);
      const answers = await presentEverywhere(world, path, credential, request);
      const { 200: served = 0, 402: used = 0, 409: busy = 0, ...other } = countStatuses(answers);
      expect(other).toEqual({});
      expect(served).toBe(1);
      expect(used + busy).toBe(presentations - 1);
      expect(answers.filter((answer) => answer.includes('Payment-Receipt:'))).toHaveLength(1);
      expect(answers.filter((answer) => answer.includes(preimage))).toEqual([]);
      // Repeatable routes may have asked their upstream once at each gateway; one answer was paid for and given.
      expect(world.goods.hitsOf(path).length).toBeLessThanOrEqual(route === 'once' ? 1 : world.urls.length);
      for (const url of world.urls) expect(await statusAfterwards(url, path, credential, request)).toBe(402);
    },
  );
});
