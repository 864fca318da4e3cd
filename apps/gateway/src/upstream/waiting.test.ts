import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { claims, openRig, type Rig, startUpstream, until } from '../testing/rig.js';
import { HttpUpstream, waitingCallsMax } from './http-upstream.js';
import { exchangeOnce, get } from './testing/exchange-once.js';
import { upstreamConfig } from './testing/limits.js';
import { type RawServer, startRawServer } from './testing/raw-server.js';

let server: RawServer | undefined;
let upstream: HttpUpstream | undefined;
let rig: Rig | undefined;
afterEach(async () => {
  await upstream?.close();
  await server?.close();
  await rig?.close();
  server = upstream = rig = undefined;
});

const busy = { kind: 'failed', code: 'upstream_busy', sent: false };

describe('calls for which no connection is free', () => {
  it('wait as long as for a connection, and were never sent', async () => {
    let asked = 0;
    server = await startRawServer(async (connection) => {
      await connection.request();
      asked++;
    });
    upstream = new HttpUpstream(upstreamConfig(server.origin, { connections: 1, connectTimeoutMs: 3_000 }));
    const first = exchangeOnce(upstream, get({ target: '/silent' }));
    await until('the first was asked', () => asked === 1);
    expect(await exchangeOnce(upstream, get({ target: '/waits' }))).toMatchObject(busy);
    expect(asked).toBe(1);
    await upstream.close();
    await first;
  });

  it('are so many and no more: the next one fails at once', async () => {
    let asked = 0;
    server = await startRawServer(async (connection) => {
      await connection.request();
      asked++;
    });
    upstream = new HttpUpstream(upstreamConfig(server.origin, { connections: 1, connectTimeoutMs: 600_000 }));
    const all = [exchangeOnce(upstream, get({ target: '/x' }))];
    await until('the first was asked', () => asked === 1);
    for (let i = 0; i < waitingCallsMax; i++) all.push(exchangeOnce(upstream, get({ target: '/x' })));
    expect(await exchangeOnce(upstream, get({ target: '/too-many' }))).toMatchObject(busy);
    await upstream.close();
    await Promise.all(all);
    expect(asked).toBe(1);
  });

  it('a payment among them stays a credit: 503, and the same credential works', async () => {
    const waiting: ServerResponse[] = [];
    const shop = await startUpstream((request, response) => {
      if (request.url === '/free/slow') waiting.push(response);
      else response.end('goods');
    });
    rig = await openRig({
      config: { upstreams: { api: { url: shop.url, connections: 1, connect_timeout: '3s' } } },
    });
    const { ask, buy } = rig;
    const headers = ['Authorization', await buy('/paid/price')];
    const slow = ask('/free/slow');
    await until('a free request has the only connection', () => waiting.length === 1);
    const refused = await ask('/paid/price', { headers });
    expect([refused.status, refused.json().retry]).toEqual([503, 'same-credential']);
    expect(await claims(rig.gateway, 'released')).toBe(1);
    waiting[0]?.end('at last');
    expect((await slow).status).toBe(200);
    expect((await ask('/paid/price', { headers })).body.toString()).toBe('goods');
    await shop.close();
  });
});
