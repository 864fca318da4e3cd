import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { open } from '../testing/client.js';
import { claims, openRig, type Rig, type RigOptions, startUpstream, until } from '../testing/rig.js';

let rig: Rig | undefined;
async function opened(options?: RigOptions): Promise<Rig> {
  rig = await openRig(options);
  return rig;
}
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** An upstream whose behaviour a test changes as it goes. */
function changing(first: RequestListener): {
  listener: RequestListener;
  become(next: RequestListener): void;
} {
  let current = first;
  return {
    listener: (request, response) => current(request, response),
    become: (next) => {
      current = next;
    },
  };
}

const fine: RequestListener = (_request, response) => void response.end('fine');
/** Reads the request's body first, as a server does that acts on it. */
const afterBody =
  (then: (request: IncomingMessage, response: ServerResponse) => void): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => then(request, response));
  };

describe('an upstream that fails after payment', () => {
  it.each([
    ['500', (_q: IncomingMessage, r: ServerResponse) => void r.writeHead(500).end('secret stack trace'), 502],
    ['503', (_q: IncomingMessage, r: ServerResponse) => void r.writeHead(503).end(), 503],
    ['504', (_q: IncomingMessage, r: ServerResponse) => void r.writeHead(504).end(), 504],
    ['402 of its own', (_q: IncomingMessage, r: ServerResponse) => void r.writeHead(402).end(), 502],
    ['a closed connection', (q: IncomingMessage) => void q.socket.destroy(), 502],
    [
      'half a body',
      (q: IncomingMessage, r: ServerResponse) => {
        r.writeHead(200, { 'Content-Length': 100 });
        r.write('only this', () => q.socket.destroy());
      },
      502,
    ],
  ])(
    '%s: a problem with retry same-credential, no receipt, and the same credential works',
    async (_n, fail, status) => {
      const upstream = changing(fail);
      const { buy, ask, gateway } = await opened({ listener: upstream.listener });
      const headers = ['Authorization', await buy('/paid/price')];
      const failed = await ask('/paid/price', { headers });
      expect(failed.status).toBe(status);
      expect(failed.json()).toMatchObject({ retry: 'same-credential', status });
      expect(failed.json().challengeId).toBeDefined();
      expect(failed.field('payment-receipt')).toBeUndefined();
      expect(failed.field('cache-control')).toBe('no-store');
      expect(failed.body.toString()).not.toContain('stack trace');
      expect(await claims(gateway, 'released')).toBe(1);
      upstream.become(fine);
      const again = await ask('/paid/price', { headers });
      expect(again.status).toBe(200);
      expect(again.field('payment-receipt')).toBeDefined();
      expect(await claims(gateway, 'answered')).toBe(1);
      expect(await claims(gateway, 'released')).toBe(0);
    },
  );

  it('unreachable: 503, for every effect', async () => {
    const { buy, ask, upstream } = await opened();
    const get = await buy('/paid/price');
    const post = await buy('/paid/order', { method: 'POST', body: 'x' });
    await upstream.close();
    const unreachable = await ask('/paid/price', { headers: ['Authorization', get] });
    expect(unreachable.status).toBe(503);
    expect(unreachable.json()).toMatchObject({ retry: 'same-credential' });
    const once = await ask('/paid/order', { method: 'POST', body: 'x', headers: ['Authorization', post] });
    expect(once.status).toBe(503);
    expect(once.json()).toMatchObject({ retry: 'same-credential' });
  });

  it('too slow: 504', async () => {
    const upstream = await startUpstream(() => {});
    const { askPaid } = await opened({
      config: { upstreams: { slow: { url: upstream.url, headers_timeout: '100ms' } } },
      routes: [{ match: 'GET /paid/*', upstream: 'slow', price: '1 sat' }],
    });
    const reply = await askPaid('/paid/price');
    await upstream.close();
    expect(reply.status).toBe(504);
    expect(reply.json()).toMatchObject({ retry: 'same-credential' });
  });

  it('3xx and 4xx pass as they are, released and never cached', async () => {
    const { buy, ask, gateway } = await opened({
      listener: (_request, response) => {
        response
          .writeHead(404, { 'Content-Type': 'text/plain', 'Cache-Control': 'max-age=60' })
          .end('no such block');
      },
    });
    const headers = ['Authorization', await buy('/paid/block')];
    const reply = await ask('/paid/block', { headers });
    expect(reply.status).toBe(404);
    expect(reply.body.toString()).toBe('no such block');
    expect(reply.field('farebox-payment')).toBe('released');
    expect(reply.fields('cache-control')).toEqual(['no-store']);
    expect(reply.field('payment-receipt')).toBeUndefined();
    expect(await claims(gateway, 'released')).toBe(1);
  });
});

describe('a reused connection that the upstream has just closed', () => {
  it('is no failure for a safe request: it is sent again on another', async () => {
    const served = new Set<unknown>();
    let closed = 0;
    const { askPaid } = await opened({
      listener: (request, response) => {
        if (served.has(request.socket)) {
          closed += 1;
          request.socket.destroy();
          return;
        }
        served.add(request.socket);
        response.end('fine');
      },
    });
    // A connection that was not needed for a while is not used again: on a slow machine that takes another try.
    await until('one was used again', async () => {
      expect((await askPaid('/paid/price')).status).toBe(200);
      return closed > 0;
    });
    expect(closed).toBe(1);
  });

  it('is never used for a once request', async () => {
    const sockets = new Set<unknown>();
    const { askPaid } = await opened({
      listener: afterBody((request, response) => {
        sockets.add(request.socket);
        response.end('done');
      }),
    });
    for (let i = 0; i < 3; i++) await askPaid('/paid/order', { method: 'POST', body: 'x' });
    expect(sockets.size).toBe(3);
  });
});

describe('a once route', () => {
  const post = { method: 'POST', body: '{"domain":"a.test"}' };

  it("gives the upstream the challenge id as Idempotency-Key, in place of the client's", async () => {
    const keys: (string | undefined)[] = [];
    const { buy, ask } = await opened({
      listener: afterBody((request, response) => {
        keys.push(request.headers['idempotency-key']?.toString());
        response.end('done');
      }),
    });
    const credential = await buy('/paid/order', post);
    const headers = ['Authorization', credential, 'Idempotency-Key', 'the client chose this'];
    const reply = await ask('/paid/order', { ...post, headers });
    expect(reply.status).toBe(200);
    expect(keys).toHaveLength(1);
    const decoded = JSON.parse(Buffer.from(credential.slice('Payment '.length), 'base64url').toString());
    expect(keys[0]).toBe(decoded.challenge.id);
  });

  it('broken off after it was sent: 502 with retry resume, and never sent again', async () => {
    let calls = 0;
    const { buy, ask, gateway } = await opened({
      listener: afterBody((request) => {
        calls += 1;
        request.socket.destroy();
      }),
    });
    const headers = ['Authorization', await buy('/paid/order', post)];
    const reply = await ask('/paid/order', { ...post, headers });
    expect(reply.status).toBe(502);
    expect(reply.json()).toMatchObject({ retry: 'resume' });
    expect(await claims(gateway, 'unknown')).toBe(1);
    const again = await ask('/paid/order', { ...post, headers });
    expect(again.status).toBe(409);
    expect(calls).toBe(1);
  });

  it('is executed and committed although its client has left', async () => {
    let finish: (() => void) | undefined;
    const { buy, port, gateway } = await opened({
      listener: afterBody((_request, response) => {
        finish = () => void response.end('done');
      }),
    });
    const headers = ['Authorization', await buy('/paid/order', post)];
    const request = open(port, '/paid/order', { ...post, headers }, () => {});
    request.on('error', () => {});
    await until('the upstream has it', () => finish !== undefined);
    const left = new Promise((resolve) => request.on('close', resolve));
    request.destroy();
    await left;
    finish?.();
    await until('it is committed', async () => (await claims(gateway, 'cut')) === 1);
  });

  it('refuses a body of another credential and bodies above the limit', async () => {
    const { ask } = await opened({
      routes: [{ match: 'POST /paid/*', upstream: 'api', price: '1 sat', body: { max_bytes: 10 } }],
    });
    expect((await ask('/paid/order', { method: 'POST', body: 'x'.repeat(10) })).status).toBe(402);
    expect((await ask('/paid/order', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    const chunked = { method: 'POST', body: 'x'.repeat(11), headers: ['Transfer-Encoding', 'chunked'] };
    const reply = await ask('/paid/order', chunked);
    expect(reply.status).toBe(413);
    expect(reply.field('connection')).toBe('close');
  });
});

describe('the client leaves', () => {
  it('before the answer: a safe upstream request is cancelled and the credential stays good', async () => {
    let asked = 0;
    let cancelled = 0;
    const upstream = changing((request) => {
      asked += 1;
      request.socket.on('close', () => {
        cancelled += 1;
      });
    });
    const { buy, ask, port } = await opened({ listener: upstream.listener });
    const headers = ['Authorization', await buy('/paid/price')];
    const request = open(port, '/paid/price', { headers }, () => {});
    request.on('error', () => {});
    await until('the upstream has it', () => asked === 1);
    request.destroy();
    await until('the upstream request is cancelled', () => cancelled === 1);
    upstream.become(fine);
    await until('the credential works', async () => (await ask('/paid/price', { headers })).status === 200);
  });

  it('in the middle of the answer: the same credential is answered again', async () => {
    const upstream = changing((_request, response) => {
      response.write('the beginning');
    });
    const { buy, ask, port, gateway } = await opened({ listener: upstream.listener });
    const headers = ['Authorization', await buy('/paid/stream')];
    const request = open(port, '/paid/stream', { headers }, (response) => {
      response.on('error', () => {}).once('data', () => request.destroy());
    });
    request.on('error', () => {});
    await once(request, 'close');
    await until('it is committed', async () => (await claims(gateway, 'cut')) === 1);
    upstream.become(fine);
    const again = await ask('/paid/stream', { headers });
    expect(again.status).toBe(200);
    expect(again.body.toString()).toBe('fine');
    await until('it is used up', async () => (await claims(gateway, 'answered')) === 1);
    expect((await ask('/paid/stream', { headers })).status).toBe(402);
  });

  it('the upstream dies in a stream: the client sees it, and the credential is owed an answer', async () => {
    const upstream = changing((request, response) => {
      response.write('the beginning', () => request.socket.destroy());
    });
    const { buy, ask } = await opened({ listener: upstream.listener });
    const headers = ['Authorization', await buy('/paid/stream')];
    await expect(ask('/paid/stream', { headers })).rejects.toThrow();
    upstream.become(fine);
    expect((await ask('/paid/stream', { headers })).status).toBe(200);
  });
});
