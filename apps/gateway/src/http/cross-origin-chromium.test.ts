import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, payFor, type Rig } from '../testing/rig.js';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
let rig: Rig | undefined;
let report: (told: unknown) => void = () => {};
const server = createServer((request, response) => void serve(request, response));
let origin = '';

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rig?.close();
  rig = undefined;
});

/** The page, its purse (a page has no node of its own here), and where it tells how it fared. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  if (request.url === '/pay' && rig !== undefined)
    response.end(await payFor(rig.node, { fields: () => [body] }));
  else if (request.url === '/report') {
    response.end();
    report(JSON.parse(body));
  } else response.setHeader('Content-Type', 'text/html').end(page(rig?.url ?? ''));
}

const page = (shop: string) => `<!doctype html><title>buys</title><script type="module">
  const post = (path, body) => fetch(path, { method: 'POST', body });
  const ask = (headers) => fetch('${shop}/paid/a', {
    method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'k', ...headers },
  });
  try {
    const unpaid = await ask({ 'Accept-Payment': 'lightning/charge' });
    const Authorization = await (await post('/pay', unpaid.headers.get('WWW-Authenticate'))).text();
    const paid = await ask({ Authorization });
    const receipt = paid.headers.get('Payment-Receipt');
    await post('/report', JSON.stringify({ unpaid: unpaid.status, paid: paid.status, receipt, body: await paid.text() }));
  } catch (error) {
    await post('/report', JSON.stringify({ error: String(error) }));
  }
</script>`;

/** What a page of `origin` tells after it has tried to buy. */
async function visit(): Promise<unknown> {
  const told = new Promise((resolve) => {
    report = resolve;
  });
  const profile = await mkdtemp(join(tmpdir(), 'farebox-chromium-'));
  const words = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  // A group of its own: its helpers, which write into the profile, are killed with it.
  const child = spawn(chromium, [...words, `--user-data-dir=${profile}`, origin], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  try {
    return await Promise.race([told, ended.then((code) => ({ ended: code }))]);
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  }
}

describe.skipIf(!existsSync(chromium))('a real browser, if it is installed (chromium)', () => {
  it('buys from a page of an origin that cors names', async () => {
    rig = await openRig({ config: { cors: { origins: [origin] } } });
    expect(await visit()).toEqual({
      unpaid: 402,
      paid: 200,
      receipt: expect.stringMatching(/^[\w-]+$/),
      body: '{"ok":true}',
    });
  });

  it('gets nothing for a page of another origin', async () => {
    rig = await openRig({ config: { cors: { origins: ['https://page.example'] } } });
    expect(await visit()).toEqual({ error: 'TypeError: Failed to fetch' });
  });
});
