import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../config/config.js';
import { checkConfig } from '../config/load.js';
import type { ConfigInput } from '../config/schema.js';
import { open } from '../testing/client.js';
import {
  challengeOf,
  openRig,
  payFor,
  type Rig,
  type RigOptions,
  startUpstream,
  until,
} from '../testing/rig.js';

let rig: Rig | undefined;
let folder = '';
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-reload-'));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await rm(folder, { recursive: true });
});

/** The configuration of a rig, with changes. */
function next(url: string, change: Partial<ConfigInput>): GatewayConfig {
  return checkConfig({
    realm: 'http://shop.test',
    listen: '127.0.0.1:0',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { api: url },
    routes: [
      { match: 'ANY /paid/*', upstream: 'api', price: '1 sat' },
      { match: 'ANY /free/*', upstream: 'api', price: 'free' },
    ],
    ...change,
  });
}

describe('reload', () => {
  it('exchanges routes and prices: the next request is served by the new table', async () => {
    const { gateway, ask, upstream } = await opened();
    expect((await ask('/new/x')).status).toBe(404);
    const { kept } = await gateway.reload(
      next(upstream.url, { routes: [{ match: 'GET /new/*', upstream: 'api', price: '7 sat' }] }),
    );
    expect(kept).toEqual([]);
    expect((await ask('/paid/price')).status).toBe(404);
    const reply = await ask('/new/x');
    expect(reply.status).toBe(402);
    expect(reply.field('www-authenticate')).toMatch(/amount="7"/);
  });

  it('honours a challenge of before: its price stands until it expires', async () => {
    const { gateway, ask, node, upstream } = await opened();
    const unpaid = await ask('/paid/price');
    await gateway.reload(
      next(upstream.url, {
        challenge_life: '1h',
        strict_402: true,
        routes: [{ match: 'ANY /paid/*', upstream: 'api', price: '9 sat' }],
      }),
    );
    const headers = ['Authorization', await payFor(node, unpaid)];
    expect((await ask('/paid/price', { headers })).status).toBe(200);
    expect((await ask('/paid/price', { headers })).status).toBe(402);
    // What the gate is made of was exchanged too.
    expect((await ask('/paid/other', { headers })).status).toBe(402);
  });

  it('keeps what cannot change, and names it', async () => {
    const { gateway, ask, upstream } = await opened();
    const { kept } = await gateway.reload(
      next(upstream.url, {
        realm: 'http://other.test',
        listen: '127.0.0.1:1',
        ledger: 'sqlite:other.db',
        lightning: { node: { kind: 'devnet', url: 'http://127.0.0.1:9' }, pool: 'off' },
        metrics: { listen: '127.0.0.1:0' },
        limits: { header_bytes: 2_048 },
      }),
    );
    expect(kept).toEqual([
      'realm',
      'listen',
      'metrics',
      'ledger',
      'lightning.node',
      'lightning.pool',
      'limits.header_bytes',
    ]);
    expect(challengeOf(await ask('/paid/price')).realm).toBe('http://shop.test');
    expect(gateway.config.realm).toBe('http://shop.test');
  });

  it('refuses what could not be sold, and then nothing has changed', async () => {
    const { gateway, ask, upstream } = await opened();
    const token = '0x20c0000000000000000000000000000000000001';
    const change: Partial<ConfigInput> = {
      tempo: {
        rpc: 'http://127.0.0.1:9',
        tokens: { USD: { address: token, recipient: '0x0000000000000000000000000000000000000001' } },
      },
      routes: [{ match: 'GET /new', upstream: 'api', price: '0.10 USD' }],
    };
    await expect(gateway.reload(next(upstream.url, change))).rejects.toThrow(/GET \/new .* restart it/);
    const missing = { url: upstream.url, headers: { set: { 'X-Key': `\${file:${folder}/none}` } } };
    await expect(gateway.reload(next(upstream.url, { upstreams: { api: missing } }))).rejects.toThrow(
      /upstreams\.api\.headers\.set\.X-Key: the file .* cannot be read/,
    );
    const certified = { url: upstream.url, ca_file: join(folder, 'none.pem') };
    await expect(gateway.reload(next(upstream.url, { upstreams: { api: certified } }))).rejects.toThrow(
      /none\.pem/,
    );
    expect((await ask('/paid/price')).status).toBe(402);
    expect((await ask('/free/x')).status).toBe(200);
    expect((await ask('/new')).status).toBe(404);
  });

  it('what reads the configuration may fail: that is a refusal like any other, and the next one comes through', async () => {
    const { gateway, ask, upstream } = await opened();
    const unreadable = gateway.reload(() => Promise.reject(new Error('no such file')));
    const good = gateway.reload(
      next(upstream.url, { routes: [{ match: 'GET /late', upstream: 'api', price: 'free' }] }),
    );
    await expect(unreadable).rejects.toThrow('no such file');
    await good;
    expect((await ask('/late')).status).toBe(200);
    const { render } = await gateway.metrics();
    expect(await render()).toMatch(
      /reloads_total\{result="good"\} 1\n.*reloads_total\{result="refused"\} 1\n/s,
    );
  });

  it('takes secrets from the file again: the old one verifies while it stands there', async () => {
    const file = join(folder, 'secrets');
    await writeFile(file, `${'a'.repeat(40)}\n`, { mode: 0o600 });
    const made = await openRig({
      config: { secret_file: file },
      dependencies: { secrets: undefined } as never,
    });
    rig = made;
    const { gateway, ask, node, upstream } = made;
    const before = await payFor(node, await ask('/paid/a'));
    const other = await payFor(node, await ask('/paid/b'));
    await writeFile(file, `${'b'.repeat(40)}\n${'a'.repeat(40)}\n`, { mode: 0o600 });
    await gateway.reload(next(upstream.url, { secret_file: file }));
    expect((await ask('/paid/a', { headers: ['Authorization', before] })).status).toBe(200);
    await writeFile(file, `${'b'.repeat(40)}\n`, { mode: 0o600 });
    await gateway.reload(next(upstream.url, { secret_file: file }));
    expect((await ask('/paid/b', { headers: ['Authorization', other] })).status).toBe(402);
  });
});

describe('reload and what is on its way', () => {
  it('a stream goes on to its end at the upstream it began with; that one keeps no connection afterwards', async () => {
    let stream: ServerResponse | undefined;
    const { gateway, port, ask, upstream } = await opened({
      listener: (request, response) => {
        if (request.url !== '/free/stream') {
          response.end('old');
          return;
        }
        stream = response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: 1\n\n');
      },
    });
    expect((await ask('/free/x')).body.toString()).toBe('old');
    let text = '';
    const ended = new Promise((resolve) => {
      open(port, '/free/stream', {}, (response) => {
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', resolve);
      });
    });
    await until('the stream has begun', () => text.includes('1'));
    const other = await startUpstream((_request, response) => void response.end('new'));
    await gateway.reload(next(other.url, {}));
    expect((await ask('/free/x')).body.toString()).toBe('new');
    stream?.write('data: 2\n\n');
    await until('the stream goes on', () => text.includes('2'));
    stream?.end('data: 3\n\n');
    await ended;
    expect(text).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    await until('nothing is kept', async () => {
      return (
        (await new Promise<number>((resolve) => upstream.server.getConnections((_e, n) => resolve(n)))) === 0
      );
    });
    await other.close();
  });

  it('an upstream that is the same keeps its connections, and the gate what it knows', async () => {
    let sockets = 0;
    const { gateway, ask, upstream } = await opened();
    upstream.server.on('connection', () => {
      sockets += 1;
    });
    await ask('/free/x');
    const { gate } = gateway;
    await gateway.reload(
      next(upstream.url, { routes: [{ match: 'GET /free/*', upstream: 'api', price: 'free' }] }),
    );
    await ask('/free/x');
    expect(sockets).toBe(1);
    expect(gateway.gate).toBe(gate);
  });
});
