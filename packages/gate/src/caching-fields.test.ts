import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseChallenges } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { protectFetch } from './adapters/fetch.js';
import { isCachingField } from './caching-fields.js';
import { openRig, paidCredential, type Rig, safe } from './testing/rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  rig.clock.nowMs = Date.now();
});
afterEach(() => rig.close());

/** What a handler may say to caches, each of which would give the answer to whoever asks next. */
const forCaches = {
  'Cache-Control': 'public, max-age=9',
  'CDN-Cache-Control': 'max-age=9',
  'Vercel-CDN-Cache-Control': 'max-age=9',
  'Surrogate-Control': 'max-age=9',
  'X-Accel-Expires': '9',
  Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
};

async function credentialFor(unpaid: Response): Promise<string> {
  const [challenge] = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error('There is no challenge.');
  return paidCredential(rig, challenge);
}

function expectPrivate(headers: Headers): void {
  const left = Object.keys(forCaches).filter((name) => headers.has(name));
  expect(left).toEqual(['Cache-Control']);
  expect(headers.get('cache-control')).toBe('private');
  expect(headers.get('x-accel-buffering')).toBe('no');
  expect(headers.has('payment-receipt')).toBe(true);
}

describe('what is paid for is for nobody else', () => {
  it('whatever a listener says to caches', async () => {
    const server = createServer(
      rig.gate.protect(safe, (_request, response) => {
        response.setHeader('X-Accel-Buffering', 'no');
        response.writeHead(200, forCaches).end('goods');
      }),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A TCP server has an AddressInfo.
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/joke`;
    const unpaid = await fetch(url);
    const Authorization = await credentialFor(unpaid);
    const paid = await fetch(url, { headers: { Authorization } });
    expect(await paid.text()).toBe('goods');
    expectPrivate(paid.headers);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('whatever a Fetch handler says to caches', async () => {
    const headers = { ...forCaches, 'X-Accel-Buffering': 'no' };
    const handle = protectFetch(rig.gate, safe, () => new Response('goods', { headers }));
    const unpaid = await handle(new Request('http://shop.test/v1/joke'));
    const Authorization = await credentialFor(unpaid);
    const paid = await handle(new Request('http://shop.test/v1/joke', { headers: { Authorization } }));
    expect(await paid.text()).toBe('goods');
    expectPrivate(paid.headers);
  });

  it('leaves alone what is not for caches', () => {
    for (const name of ['x-accel-redirect', 'x-accel-buffering', 'etag', 'vary', 'last-modified'])
      expect(isCachingField(name), name).toBe(false);
  });
});
