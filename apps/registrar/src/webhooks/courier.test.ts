import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { insertAgent } from '../store/agents.js';
import type { Database } from '../store/database.js';
import { openSqliteStore } from '../store/sqlite.js';
import { emitEvent, insertWebhook } from '../store/webhooks.js';
import { type Courier, failingTogetherMax, startCourier, togetherMax } from './courier.js';
import { sendTimeoutMs } from './send.js';

// The clock stands still: what has failed is not due again, so what is counted does not depend on how fast this machine is.
const nowMs = Date.UTC(2026, 10, 21);
let folder = '';
let db: Database;
let courier: Courier | undefined;
const servers: Server[] = [];
const faults: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-courier-'));
  db = openSqliteStore(join(folder, 'registrar.db'));
  faults.length = 0;
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await courier?.close();
  await db.close();
  await rm(folder, { recursive: true });
  expect(faults).toEqual([]);
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return `http://127.0.0.1:${port}`;
}

/** An agent with webhooks, and so many events for each of them. */
async function agentWith(name: string, targets: readonly string[], events: number): Promise<void> {
  await db.write(async (sql) => {
    const hashes = { keyHash: `key ${name}`, claimHash: `claim ${name}` };
    await insertAgent(sql, { id: name, name: undefined, ...hashes, nowMs });
    for (const [n, target] of targets.entries())
      await insertWebhook(sql, {
        ...{ id: `whk_${name}_${n}`, agent: name, target, secret: 's'.repeat(16), createdMs: nowMs },
        events: ['profile.updated'],
      });
    for (let n = 0; n < events; n++)
      await emitEvent(sql, name, { type: 'profile.updated', id: `evt_${name}_${n}`, data: {} }, nowMs);
  });
}

const start = () => {
  courier = startCourier(
    db,
    () => nowMs,
    true,
    (what, error) => faults.push(`${what}: ${String(error)}`),
  );
};

const waiting = async () =>
  (await db.read((sql) => sql.all('SELECT attempts FROM webhook_delivery'))).map(({ attempts }) =>
    Number(attempts),
  );

it('an agent whose targets are silent holds one place for each of them, and nobody else waits for it', async () => {
  let asked = 0;
  const silent = await listening(() => {
    asked += 1;
  });
  await agentWith(
    'a',
    Array.from({ length: 5 }, (_, n) => `${silent}/${n}`),
    20,
  );
  const beganMs = performance.now();
  const heard: { readonly asked: number; readonly afterMs: number }[] = [];
  const other = await listening((_request, response) => {
    heard.push({ asked, afterMs: performance.now() - beganMs });
    response.writeHead(204).end();
  });
  await agentWith('z', [other], 3);
  start();
  await expect.poll(() => heard.length, { timeout: 50_000 }).toBe(3);
  // Whatever of the silent five had been asked by then: each of one thing at a time, however much waits for it.
  for (const { asked: before, afterMs } of heard)
    expect(before).toBeLessThanOrEqual(5 * (1 + Math.floor((afterMs + 1) / sendTimeoutMs)));
});

it('targets that have failed leave places to those that have not', async () => {
  const held: (() => void)[] = [];
  let bad = 0;
  // Everyone fails once, and is silent from then on.
  const seen = new Set<string>();
  const failing = await listening((request, response) => {
    bad += 1;
    if (seen.has(String(request.url))) return;
    seen.add(String(request.url));
    held.push(() => response.writeHead(500).end());
  });
  const webhooks = togetherMax + 8;
  for (let n = 0; n < webhooks; n++) await agentWith(`a${n}`, [`${failing}/${n}`], 2);
  start();
  await expect.poll(() => held.length, { timeout: 50_000 }).toBeGreaterThanOrEqual(togetherMax);
  for (const fail of held.splice(0)) fail();
  // The rest of those that have not failed yet come before a second try of those that have.
  await expect.poll(() => seen.size, { timeout: 50_000 }).toBe(webhooks);
  for (const fail of held.splice(0)) fail();
  await expect.poll(() => bad, { timeout: 50_000 }).toBeGreaterThanOrEqual(webhooks + failingTogetherMax);
  let heard = 0;
  const good = await listening((_request, response) => {
    heard += 1;
    response.writeHead(200).end();
  });
  await agentWith('z', [good], 4);
  courier?.wake();
  await expect.poll(() => heard, { timeout: 50_000 }).toBe(4);
  // They were not waited for.
  expect(bad).toBeLessThan(2 * webhooks);
});

it('what a target refused is tried again later, by itself; the rest is told meanwhile', async () => {
  const ids: string[] = [];
  const picky = await listening((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const { event_id: id } = JSON.parse(text);
      ids.push(String(id));
      response.writeHead(id === 'evt_a_0' ? 500 : 200).end();
    });
  });
  await agentWith('a', [picky], 3);
  start();
  await expect.poll(waiting, { timeout: 50_000 }).toEqual([1]);
  expect(ids).toEqual(['evt_a_0', 'evt_a_1', 'evt_a_2']);
});

it('who was told longest ago comes first, however much and however long something waits for others', async () => {
  // They answer 2xx, each time only when they are let to.
  const held: (() => void)[] = [];
  let asked = 0;
  const slow = await listening((_request, response) => {
    asked += 1;
    held.push(() => response.writeHead(204).end());
  });
  const webhooks = togetherMax + 8;
  for (let n = 0; n < webhooks; n++) await agentWith(`a${n}`, [`${slow}/${n}`], 10);
  let heardAfter: number | undefined;
  const other = await listening((_request, response) => {
    heardAfter = asked;
    response.writeHead(204).end();
  });
  start();
  await expect.poll(() => asked, { timeout: 50_000 }).toBe(togetherMax);
  await agentWith('z', [other], 1);
  while (heardAfter === undefined && asked < webhooks * 10) {
    const before = asked;
    held.shift()?.();
    await expect
      .poll(() => heardAfter !== undefined || asked > before, { timeout: 50_000, interval: 5 })
      .toBe(true);
  }
  // Each of the others may have been at work when it came, and has its turn once before it.
  expect(heardAfter).toBeLessThanOrEqual(2 * webhooks);
});
