import { parseChallenges } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Terms } from '../index.js';
import { idempotent, once, openRig, paidCredential, type Rig, safe } from '../testing/rig.js';
import { type ProtectFetchOptions, protectFetch } from './fetch.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

type Handler = (request: Request, ...rest: unknown[]) => Response | Promise<Response>;

const url = 'https://api.example.com/v1/joke';
const sell = (handler: Handler, terms: Terms = safe, options: ProtectFetchOptions = {}) =>
  protectFetch(rig.gate, terms, handler, options);

/** Pays for a request and gives the headers that it is then sent with. */
async function payFor(sold: Handler, init: RequestInit = {}): Promise<Record<string, string>> {
  const answer = await sold(new Request(url, init));
  const [challenge] = parseChallenges(answer.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error(`no challenge: ${answer.status}`);
  return { authorization: await paidCredential(rig, challenge) };
}

const states = async () =>
  Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));
const becomes = (wanted: Record<string, number>) => expect.poll(states, { timeout: 30_000 }).toEqual(wanted);

/** A body of which each chunk is waited for, and how it was left. */
function slowBody(...chunks: string[]) {
  const left: { reason?: unknown } = {};
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) await new Promise(() => {});
      controller.enqueue(new TextEncoder().encode(chunk));
    },
    cancel(reason) {
      left.reason = reason;
    },
  });
  return { body, left };
}

describe('protectFetch', () => {
  it('hands on what its server gives beside the request, and the very request when it has no body', async () => {
    const given: unknown[] = [];
    const sold = sell((...all) => {
      given.push(...all);
      return new Response(null, { status: 204 });
    });
    const request = new Request(url, { headers: await payFor(sold) });
    const answer = await sold(request, { params: 1 }, 'context');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('payment-receipt')).not.toBeNull();
    expect(given).toEqual([request, { params: 1 }, 'context']);
    expect(given[0]).toBe(request);
    await becomes({ answered: 1 });
  });

  it('keeps status, fields and cookies of the handler', async () => {
    const sold = sell(() => {
      const headers = new Headers({ 'X-A': '1', 'Cache-Control': 'public' });
      headers.append('Set-Cookie', 'a=1');
      headers.append('Set-Cookie', 'b=2');
      return new Response('made', { status: 201, statusText: 'Made', headers });
    });
    const answer = await sold(new Request(url, { headers: await payFor(sold) }));
    expect(answer).toMatchObject({ status: 201, statusText: 'Made' });
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('cache-control')).toBe('private');
    expect(await answer.text()).toBe('made');
    await becomes({ answered: 1 });
  });

  it('is over only when the body was pulled to its end', async () => {
    const sold = sell(() => new Response('all of it'));
    const headers = await payFor(sold);
    const answer = await sold(new Request(url, { headers }));
    expect(await states()).toEqual({ delivered: 1 });
    expect((await sold(new Request(url, { headers }))).status).toBe(409);
    expect(await answer.text()).toBe('all of it');
    await becomes({ answered: 1 });
    expect((await sold(new Request(url, { headers }))).status).toBe(402);
  });

  it('answers again when the body was cancelled, the request aborted, or the handler broke off', async () => {
    const { body, left } = slowBody('one');
    const bodies: (ReadableStream<Uint8Array> | string)[] = [body, slowBody('one').body];
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('broken')) });
    const sold = sell(() => new Response(bodies.shift() ?? 'whole'));
    const headers = await payFor(sold);
    const cancelled = await sold(new Request(url, { headers }));
    await cancelled.body?.cancel('enough');
    expect(left.reason).toBe('enough');
    await becomes({ cut: 1 });
    const leaving = new AbortController();
    const aborted = await sold(new Request(url, { headers, signal: leaving.signal }));
    expect(aborted.status).toBe(200);
    leaving.abort();
    await becomes({ cut: 1 });
    bodies.push(broken);
    const failing = await sold(new Request(url, { headers }));
    await expect(failing.text()).rejects.toThrow('broken');
    await becomes({ cut: 1 });
    expect(await (await sold(new Request(url, { headers }))).text()).toBe('whole');
    await becomes({ answered: 1 });
  });

  it('calls no handler for a request that is aborted, and gives even a once claim back', async () => {
    let calls = 0;
    const sold = sell(() => {
      calls++;
      return new Response('done');
    }, once);
    const init = { method: 'POST', body: '1' };
    const headers = await payFor(sold, init);
    await sold(new Request(url, { ...init, headers, signal: AbortSignal.abort() }));
    expect(calls).toBe(0);
    expect((await states()).claimed).toBeUndefined();
    expect(await (await sold(new Request(url, { ...init, headers }))).text()).toBe('done');
    expect(calls).toBe(1);
  });

  it('keeps what a once handler has done for a client that left meanwhile', async () => {
    const leaving = new AbortController();
    let calls = 0;
    const sold = sell(() => {
      calls++;
      leaving.abort();
      return Response.json({ order: 7 });
    }, once);
    const init = { method: 'POST', body: '1' };
    const headers = await payFor(sold, init);
    await sold(new Request(url, { ...init, headers, signal: leaving.signal }));
    await becomes({ cut: 1 });
    const again = await sold(new Request(url, { ...init, headers }));
    expect(await again.json()).toEqual({ order: 7 });
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.headers.get('payment-receipt')).not.toBeNull();
    expect(calls).toBe(1);
  });

  it('tells nobody but onError what was thrown', async () => {
    const told: unknown[] = [];
    const error = new Error('secret-of-the-handler');
    const sold = sell(
      () => {
        throw error;
      },
      safe,
      { onError: (what) => told.push(what) },
    );
    const answer = await sold(new Request(url, { headers: await payFor(sold) }));
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({ retry: 'same-credential', challengeId: expect.any(String) });
    expect(told).toEqual([error]);
    await becomes({ released: 1 });
  });

  it('does not wait for a stream, nor keep what is too large, on a route whose answers are kept', async () => {
    const large = 'x'.repeat(1_100_000);
    const { body } = slowBody('data: 1\n\n');
    const answers = [
      new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
      new Response(large),
    ];
    const sold = sell(() => answers.shift() ?? new Response('none'), idempotent);
    const events = await sold(
      new Request(url, { method: 'PUT', headers: await payFor(sold, { method: 'PUT' }) }),
    );
    expect(new TextDecoder().decode((await events.body?.getReader().read())?.value)).toBe('data: 1\n\n');
    const big = await sold(
      new Request(url, { method: 'PUT', headers: await payFor(sold, { method: 'PUT' }) }),
    );
    expect((await big.text()).length).toBe(large.length);
    await becomes({ delivered: 1, answered: 1 });
  });

  it('tells joined fields apart: a credential beside another scheme, and two credentials', async () => {
    const sold = sell(() => new Response('ok'));
    const { authorization = '' } = await payFor(sold);
    const twice = new Headers({ authorization });
    twice.append('authorization', authorization);
    expect((await sold(new Request(url, { headers: twice }))).status).toBe(400);
    const beside = new Headers({ authorization: 'Bearer abc' });
    beside.append('authorization', authorization);
    expect((await sold(new Request(url, { headers: beside }))).status).toBe(200);
  });

  it('refuses to guess at a body that is gone', async () => {
    const sold = sell(() => new Response('ok'));
    const request = new Request(url, { method: 'POST', body: '1' });
    await request.text();
    await expect(sold(request)).rejects.toThrow(/put the gate before/);
  });

  it('bounds the bodies that it holds, announced or not', async () => {
    const sold = sell(() => new Response('ok'), safe, { bodyBytesMax: 10, heldBytesMax: 15 });
    const streamed = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(8));
        controller.enqueue(new Uint8Array(8));
        controller.close();
      },
    });
    const unannounced = { method: 'POST', body: streamed, duplex: 'half' as const };
    expect((await sold(new Request(url, unannounced))).status).toBe(413);
    for (let i = 0; i < 3; i++)
      expect((await sold(new Request(url, { method: 'POST', body: '1234567890' }))).status).toBe(402);
    const held = new Response(null, { status: 204 });
    const waiting: (() => void)[] = [];
    const slow = sell(() => new Promise((resolve) => waiting.push(() => resolve(held))), safe, {
      heldBytesMax: 15,
    });
    const init = { method: 'POST', body: '1234567890' };
    const headers = await payFor(slow, init);
    const first = slow(new Request(url, { ...init, headers }));
    await expect.poll(() => waiting.length, { timeout: 30_000 }).toBe(1);
    const unpaid = await slow(new Request(url, init));
    expect(await unpaid.json()).toMatchObject({ status: 503, retry: 'safe' });
    const paid = await slow(new Request(url, { ...init, headers }));
    expect(await paid.json()).toMatchObject({ status: 503, retry: 'same-credential' });
    waiting.shift()?.();
    await first;
    expect((await slow(new Request(url, init))).status).toBe(402);
  });

  it('tells the gate who asks, for its mint budget', async () => {
    const one = { perSecond: 0.001, burst: 1 };
    const gate = rig.again({ mintBudget: { client: one, global: { perSecond: 1_000, burst: 1_000 } } });
    const client = (request: Request) => request.headers.get('x-client') ?? undefined;
    const sold = protectFetch(gate, safe, () => new Response('ok'), { client });
    const from = (name: string) => sold(new Request(url, { headers: { 'x-client': name } }));
    expect([(await from('a')).status, (await from('a')).status, (await from('b')).status]).toEqual([
      402, 429, 402,
    ]);
  });
});
