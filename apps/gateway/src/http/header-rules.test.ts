import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../config/error.js';
import { checkConfig } from '../config/load.js';
import { createLogger } from '../log.js';
import { openRig, type Rig, type RigOptions } from '../testing/rig.js';

let rig: Rig | undefined;
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farebox-headers-'));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const key = 'key-of-the-seller-at-the-upstream';

/** A rig whose upstream notes the header sections that reach it. Its address is only known once it runs. */
async function noting(
  upstreamHeaders: object,
  route: object = {},
  options: RigOptions = {},
): Promise<Rig & { readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  const made = await openRig({
    ...options,
    listener: (request, response) => {
      seen.push(request.headers);
      response.writeHead(200, ['Server', 'old/1.0', 'X-Debug', 'inner', 'Cache-Control', 'public']).end('ok');
    },
  });
  rig = made;
  const price = (free: boolean) => (free ? 'free' : '1 sat');
  await made.gateway.reload(
    checkConfig(
      {
        realm: 'http://shop.test',
        listen: '127.0.0.1:0',
        lightning: { node: { kind: 'devnet' } },
        upstreams: { api: { url: made.upstream.url, ...upstreamHeaders } },
        routes: [true, false].map((free) => ({
          match: free ? 'ANY /free/*' : 'ANY /paid/*',
          upstream: 'api',
          price: price(free),
          ...route,
        })),
      },
      { directory: folder },
    ),
  );
  return { ...made, seen };
}

describe('headers', () => {
  it('the upstream’s own key is put in, from environment and file, in place of what a client sends', async () => {
    vi.stubEnv('FAREBOX_TEST_UPSTREAM_KEY', key);
    await writeFile(join(folder, 'tenant'), 'tenant-7\nsecond line\n');
    const { ask, askPaid, seen } = await noting({
      headers: {
        set: {
          Authorization: `Bearer \${env:FAREBOX_TEST_UPSTREAM_KEY}`,
          'X-Tenant': `\${file:tenant}`,
          Host: 'api.inner',
        },
        remove: ['Cookie'],
      },
    });
    const headers = ['authorization', 'Bearer client', 'X-TENANT', 'other', 'Cookie', 'a=b', 'X-Own', 'kept'];
    expect((await ask('/free/x', { headers })).status).toBe(200);
    expect((await askPaid('/paid/x')).status).toBe(200);
    for (const told of seen)
      expect(told).toMatchObject({
        authorization: `Bearer ${key}`,
        'x-tenant': 'tenant-7',
        host: 'api.inner',
      });
    expect(seen[0]).toMatchObject({ 'x-own': 'kept' });
    expect(seen[0]).not.toHaveProperty('cookie');
  });

  it('a route’s word stands before its upstream’s', async () => {
    const { ask, seen } = await noting(
      { headers: { set: { 'X-A': 'upstream', 'X-B': 'upstream' }, remove: ['X-C'] } },
      { headers: { set: { 'x-a': 'route', 'X-C': 'route' }, remove: ['X-B'] } },
    );
    await ask('/free/x', { headers: ['X-B', 'client', 'X-C', 'client'] });
    expect(seen[0]).toMatchObject({ 'x-a': 'route', 'x-c': 'route' });
    expect(seen[0]).not.toHaveProperty('x-b');
  });

  it('of the answer: removed and set, but caching of a paid answer stays private', async () => {
    const { ask, askPaid } = await noting(
      { response_headers: { remove: ['Server', 'X-Debug'] } },
      { response_headers: { set: { 'X-Powered-By': 'us', 'Cache-Control': 'public, max-age=60' } } },
    );
    const free = await ask('/free/x');
    expect(free.field('server')).toBeUndefined();
    expect(free.field('x-powered-by')).toBe('us');
    expect(free.fields('cache-control')).toEqual(['public, max-age=60']);
    const paid = await askPaid('/paid/x');
    expect(paid.field('x-debug')).toBeUndefined();
    expect(paid.field('x-powered-by')).toBe('us');
    expect(paid.fields('cache-control')).toEqual(['private']);
  });

  it('names with underscores are the same names: nothing of ours is spoofed by them', async () => {
    const { ask, seen } = await noting({ headers: { set: { 'X-Tenant': 'ours' } } });
    await ask('/free/x', {
      headers: ['X_Tenant', 'client', 'X_Forwarded_For', '1.2.3.4', 'Payment_Receipt', 'x'],
    });
    expect(Object.keys(seen[0] ?? {}).filter((name) => name.includes('_'))).toEqual([]);
    expect(seen[0]).toMatchObject({ 'x-tenant': 'ours', 'x-forwarded-for': '127.0.0.1' });
  });

  it('values never reach the log, and errors name the key and not the value', async () => {
    let log = '';
    const collect = {
      write(line: string) {
        log += line;
      },
    };
    const logger = createLogger('trace', collect);
    vi.stubEnv('FAREBOX_TEST_UPSTREAM_KEY', key);
    const { ask, gateway } = await noting(
      { headers: { set: { Authorization: `Bearer \${env:FAREBOX_TEST_UPSTREAM_KEY}` } } },
      {},
      { dependencies: { logger } },
    );
    await ask('/free/x');
    vi.stubEnv('FAREBOX_TEST_UPSTREAM_KEY', `${key}\r\nX-Evil: 1`);
    const refused = await gateway.reload(gateway.config).catch((error: unknown) => error);
    expect(String(refused)).toMatch(
      /upstreams\.api\.headers\.set\.Authorization: the value holds a character/,
    );
    vi.stubEnv('FAREBOX_TEST_UPSTREAM_KEY', '');
    await expect(gateway.reload(gateway.config)).rejects.toThrow(/FAREBOX_TEST_UPSTREAM_KEY is not set/);
    expect(log).toContain('"msg":"request"');
    expect(log + String(refused)).not.toContain(key);
  });

  it.each([
    ['framing', { set: { 'Content-Length': '5' } }],
    ['framing', { remove: ['transfer-encoding'] }],
    ['payment', { set: { 'Payment-Receipt': 'x' } }],
    ['a challenge', { set: { 'WWW-Authenticate': 'Payment' } }],
    ['a line break', { set: { 'X-A': `b\nX-C: ${key}` } }],
    ['a name that is none', { set: { 'X A': key } }],
    ['a placeholder of another kind', { set: { 'X-A': `${key}\${exec:ls}` } }],
  ])('refuses %s, without showing the value', (_what, headers) => {
    const config = {
      realm: 'x',
      upstreams: { api: { url: 'http://127.0.0.1:1', headers } },
      routes: [{ match: 'GET /x', upstream: 'api', price: 'free' }],
    };
    let fault: unknown;
    try {
      checkConfig(config);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(ConfigError);
    expect(String(fault)).toMatch(/upstreams\.api\.headers/);
    expect(String(fault)).not.toContain(key);
  });
});

describe('body limits', () => {
  it('hold for what passes without payment where a route names one, whether the length is said or not', async () => {
    const { ask, seen } = await noting({}, { body: { max_bytes: 1_000 } });
    const small = { method: 'POST', body: Buffer.alloc(1_000) };
    const large = { method: 'POST', body: Buffer.alloc(1_001) };
    const chunked = { headers: ['Transfer-Encoding', 'chunked'] };
    expect((await ask('/free/x', small)).status).toBe(200);
    expect((await ask('/free/x', { ...small, ...chunked })).status).toBe(200);
    const before = seen.length;
    expect((await ask('/free/x', large)).status).toBe(413);
    expect(seen.length).toBe(before);
    expect((await ask('/free/x', { ...large, ...chunked })).status).toBe(413);
    expect((await ask('/paid/x', large)).status).toBe(413);
  });
});
