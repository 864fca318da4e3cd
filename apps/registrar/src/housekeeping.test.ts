import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tidyStore } from './housekeeping.js';
import { graceMs, yearsLater } from './life/domain-life.js';
import { ask, newAgent, payLightning, registerPath } from './testing/client.js';
import { openRig, type Rig } from './testing/rig.js';

const json = { domain: 'myname.agent' };
let rig: Rig;
/** What was told, in its order: `event domain`. */
let told: string[] = [];
/** When it was, by what was told. */
let toldAs: string[] = [];
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on('end', () => {
    const { event_type: type, timestamp, data } = JSON.parse(text);
    told.push(`${type} ${data.domain}`);
    toldAs.push(timestamp);
    response.writeHead(204).end();
  });
});
beforeEach(async () => {
  [told, toldAs] = [[], []];
  rig = await openRig();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await rig.close();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  expect(rig.faults).toEqual([]);
});

async function buy(key: string): Promise<void> {
  const asked = await ask(rig, registerPath, { json, key });
  const headers = { Authorization: await payLightning(rig, asked) };
  expect((await ask(rig, registerPath, { json, key, headers })).status).toBe(200);
}

/** An agent that is told what happens, and whose name's grace has ended. */
async function released() {
  const { key } = await newAgent(rig);
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const events = ['domain.registered', 'domain.expired'];
  const hook = { target_url: `http://127.0.0.1:${port}/`, events, secret: 's'.repeat(16) };
  expect((await ask(rig, '/api/v1/webhooks/subscribe', { json: hook, key })).status).toBe(201);
  await buy(key);
  await expect.poll(() => told, { timeout: 50_000 }).toEqual(['domain.registered myname.agent']);
  const endMs = yearsLater(rig.clock.nowMs, 1) + graceMs;
  rig.clock.nowMs = endMs + 30_000;
  return { key, endedAt: new Date(endMs).toISOString() };
}

it('tells an owner that a name has expired, as of when it did, once', async () => {
  const { endedAt } = await released();
  expect(await tidyStore(rig.db, rig.clock.nowMs)).toBe(1);
  expect(await tidyStore(rig.db, rig.clock.nowMs)).toBe(0);
  rig.registrar.desk.eventsWaiting();
  await expect.poll(() => told.slice(1), { timeout: 50_000 }).toEqual(['domain.expired myname.agent']);
  expect(toldAs[1]).toBe(endedAt);
});

it('a name that is bought before housekeeping comes by has expired for its owner all the same', async () => {
  const { endedAt } = await released();
  await buy((await newAgent(rig)).key);
  await expect.poll(() => told.slice(1), { timeout: 50_000 }).toEqual(['domain.expired myname.agent']);
  expect(toldAs[1]).toBe(endedAt);
  expect(await tidyStore(rig.db, rig.clock.nowMs)).toBe(0);
});

it('whoever buys their own name anew is told of its end first', async () => {
  const { key } = await released();
  await buy(key);
  await expect
    .poll(() => told.slice(1), { timeout: 50_000 })
    .toEqual(['domain.expired myname.agent', 'domain.registered myname.agent']);
});
