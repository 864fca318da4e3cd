import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { open } from '../testing/client.js';
import { claims, openRig, type Rig, until } from '../testing/rig.js';

// An answer that is kept, over real sockets: what the client gets, and how often the upstream was asked.
let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/** The routes of these tests: one for each effect. */
const routes = [
  { match: 'GET /safe/*', upstream: 'api', price: '1 sat' },
  { match: 'HEAD /safe/*', upstream: 'api', price: '1 sat' },
  { match: 'POST /once/*', upstream: 'api', price: '1 sat' },
  { match: 'GET /charged/*', upstream: 'api', price: '1 sat', charge_on: 'any_response' as const },
];

/** Longer than what a socket takes at once, shorter than what is kept. */
const goods = 'x'.repeat(900_000);

async function selling(answer: RequestListener) {
  let calls = 0;
  const listener: RequestListener = (request, response) => {
    request.resume().on('end', () => {
      calls++;
      answer(request, response);
    });
  };
  const one = await openRig({ listener, routes });
  rig = one;
  return { ...one, calls: () => calls };
}

/** Answers in pieces, without saying how long it is. */
const inPieces: RequestListener = (_request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.write(goods.slice(0, 1_000), () => response.end(goods.slice(1_000)));
};

/** Presents, and leaves as soon as the answer begins. */
function leave(port: number, path: string, method: string, headers: readonly string[], body?: string) {
  return new Promise<void>((resolve) => {
    const request = open(port, path, { method, headers, ...(body && { body }) }, (response) => {
      response.once('data', () => request.destroy()).on('error', () => {});
    });
    request.on('error', () => {}).on('close', resolve);
  });
}

describe('an answer that is kept', () => {
  it('with an Idempotency-Key is given again without a second call of the upstream, as often as asked', async () => {
    const { buy, ask, calls } = await selling(inPieces);
    const headers = ['Authorization', await buy('/safe/a'), 'Idempotency-Key', 'order 7'];
    const first = await ask('/safe/a', { headers });
    expect([first.status, first.field('idempotent-replayed')]).toEqual([200, undefined]);
    for (let i = 0; i < 5; i++) {
      const again = await ask('/safe/a', { headers });
      expect([again.status, again.field('idempotent-replayed')]).toEqual([200, 'true']);
      expect(again.body.equals(first.body)).toBe(true);
      expect(again.field('payment-receipt')).toBe(first.field('payment-receipt'));
      expect(again.field('content-type')).toBe('application/json');
      expect(again.field('content-length')).toBe(String(goods.length));
    }
    expect(calls()).toBe(1);
  });

  it.each([
    ['HEAD', '/safe/head'],
    ['POST', '/once/empty'],
  ])('of %s %s says no length that it does not know', async (method, path) => {
    const { buy, ask } = await selling((_request, response) => void response.writeHead(204).end());
    const key = ['Idempotency-Key', 'order 8'];
    const credential = await buy(path, { method, headers: key });
    const paid = { method, headers: ['Authorization', credential, ...key] };
    const first = await ask(path, paid);
    const again = await ask(path, paid);
    expect(again.field('idempotent-replayed')).toBe('true');
    expect([again.status, again.field('content-length')]).toEqual([204, undefined]);
    expect(first.status).toBe(204);
  });

  it('on a once route is given to the client that left while the upstream worked, by the same credential alone', async () => {
    let finish: (() => void) | undefined;
    const { buy, ask, calls, port, gateway } = await selling((request, response) => {
      finish = () => inPieces(request, response);
    });
    const asked = { method: 'POST', body: '{"n":1}' };
    const headers = ['Authorization', await buy('/once/a', asked)];
    const leaving = open(port, '/once/a', { ...asked, headers }, () => {});
    const left = new Promise((resolve) => leaving.on('error', () => {}).on('close', resolve));
    await until('the upstream has it', () => finish !== undefined);
    leaving.destroy();
    await left;
    finish?.();
    await until('it is known to be cut', async () => (await claims(gateway, 'cut')) === 1);
    const whole = await ask('/once/a', { ...asked, headers });
    expect([whole.status, whole.body.toString() === goods]).toEqual([200, true]);
    expect(whole.field('payment-receipt')).toBeDefined();
    await until('it is used up', async () => (await claims(gateway, 'answered')) === 1);
    expect((await ask('/once/a', { ...asked, headers })).status).toBe(402);
    expect(calls()).toBe(1);
  });

  it('is not made of a stream: that leaves as it comes, and what a once route lost is said to be lost', async () => {
    const { buy, ask, calls, port, gateway } = await selling((_request, response) => {
      response.setHeader('Content-Type', 'text/event-stream');
      response.write('data: 1\n\n');
    });
    const headers = ['Authorization', await buy('/once/a', { method: 'POST', body: '1' })];
    await leave(port, '/once/a', 'POST', headers, '1');
    await until('it is known to be cut', async () => (await claims(gateway, 'cut')) === 1);
    const lost = await ask('/once/a', { method: 'POST', headers, body: '1' });
    expect([lost.status, lost.json().title]).toEqual([409, 'Answer Lost']);
    expect(calls()).toBe(1);
  });

  it('is not made of an answer larger than what is kept: it streams, and has been bought once it has left', async () => {
    const large = 'y'.repeat(1_500_000);
    const { buy, ask, calls } = await selling((_request, response) => {
      response.write(large.slice(0, 10));
      response.end(large.slice(10));
    });
    const headers = ['Authorization', await buy('/safe/a'), 'Idempotency-Key', 'order 7'];
    expect((await ask('/safe/a', { headers })).body.toString()).toBe(large);
    expect((await ask('/safe/a', { headers })).status).toBe(402);
    expect(calls()).toBe(1);
  });
});

describe('a client that cuts its answers on purpose', () => {
  it('asks the upstream of a safe route four times at most', async () => {
    const { buy, ask, calls, port } = await selling(inPieces);
    const headers = ['Authorization', await buy('/safe/a')];
    for (let i = 0; i < 10; i++) await leave(port, '/safe/a', 'GET', headers);
    await until('it is used up', async () => (await ask('/safe/a', { headers })).status === 402);
    expect(calls()).toBeLessThanOrEqual(4);
  });
});

describe('charge_on: any_response', () => {
  it('charges for a 404, without a receipt, and once', async () => {
    const { buy, ask, calls } = await selling((_request, response) => {
      response.writeHead(404).end('there is none');
    });
    const headers = ['Authorization', await buy('/charged/a')];
    const reply = await ask('/charged/a', { headers });
    expect([reply.status, reply.body.toString()]).toEqual([404, 'there is none']);
    expect([reply.field('payment-receipt'), reply.field('farebox-payment')]).toEqual([undefined, 'charged']);
    expect((await ask('/charged/a', { headers })).status).toBe(402);
    expect(calls()).toBe(1);
  });

  it('does not charge for an upstream that did not serve', async () => {
    const { buy, ask } = await selling((_request, response) => void response.writeHead(503).end());
    const headers = ['Authorization', await buy('/charged/a')];
    const failed = await ask('/charged/a', { headers });
    expect([failed.status, failed.json().retry]).toEqual([503, 'same-credential']);
  });
});
