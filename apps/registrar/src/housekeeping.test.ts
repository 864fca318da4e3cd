import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHousekeeping, tidyStore } from './housekeeping.js';
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

it('gives no name back by a clock that was set a moment ago', async () => {
  await buy((await newAgent(rig)).key);
  // Its own housekeeping ends; the store stays.
  await rig.registrar.close();
  let [nowMs, elapsedMs, released] = [rig.clock.nowMs, 0, 0];
  const faults: string[] = [];
  const minuteMs = 60_000;
  /** What comes in a minute: a round puts the next one down when it has ended. Whatever else waits has its own time. */
  const inAMinute: (() => void)[] = [];
  const { setTimeout: later } = globalThis;
  const holding = (work: () => void, ms?: number) => {
    if (ms !== minuteMs) return later(work, ms);
    inAMinute.push(work);
    return later(() => {}, 0);
  };
  const held = vi.spyOn(globalThis, 'setTimeout').mockImplementation(Object.assign(holding, later));
  const keeper = startHousekeeping(
    ...([rig.db, rig.ledger, () => nowMs] as const),
    { released: () => released++, fault: (what) => faults.push(what) },
    () => elapsedMs,
  );
  try {
    const roundAfter = async (minutes: number) => {
      nowMs += minutes * minuteMs;
      elapsedMs += minutes * minuteMs;
      for (const run of inAMinute.splice(0)) run();
      await expect.poll(() => inAMinute.length, { timeout: 50_000 }).toBe(1);
      return [faults.length, released];
    };
    expect(await roundAfter(0)).toEqual([0, 0]);
    nowMs = yearsLater(nowMs, 1) + graceMs + minuteMs;
    expect(await roundAfter(0)).toEqual([1, 0]);
    expect(await roundAfter(59)).toEqual([1, 0]);
    expect(await roundAfter(1)).toEqual([1, 1]);
  } finally {
    held.mockRestore();
    await keeper.stop();
  }
});
