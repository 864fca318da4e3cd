import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../testing/rig.js';
import { Call } from './call.js';
import { Connection, keepAliveMarginMs, upstreamKeepAliveMs } from './connection.js';
import { dialer } from './dial.js';
import { requestHead } from './request-head.js';
import { get, Recorder } from './testing/exchange-once.js';
import { always, type RawConnection, type RawServer, startRawServer } from './testing/raw-server.js';
import type { UpstreamRequest } from './upstream.js';

const limits = {
  connectTimeoutMs: 1_000,
  headersTimeoutMs: 2_000,
  idleTimeoutMs: 3_000,
  totalTimeoutMs: Number.POSITIVE_INFINITY,
};
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let server: RawServer;
afterEach(() => server.close());

interface Held {
  readonly connection: Connection;
  /** A moment, as `sweep` takes it, that is later than all that has happened. */
  readonly nowMs: number;
  /** What the owner was told, in order. */
  readonly told: string[];
  send(request?: UpstreamRequest): Recorder;
}

/** A connection that nobody sweeps but the test. */
async function held(
  serve: (connection: RawConnection) => Promise<void> | void,
  own: Partial<typeof limits> = {},
): Promise<Held> {
  server = await startRawServer(serve);
  const told: string[] = [];
  const owner = {
    free: (_connection: Connection, isNew: boolean) => void told.push(isNew ? 'new' : 'free'),
    gone: (_connection: Connection, unsent: Call | undefined, failure: Error | undefined) =>
      void told.push(`gone${unsent === undefined ? '' : ' unsent'}${failure === undefined ? '' : ' never'}`),
  };
  const connection = new Connection(dialer(server.origin), { ...limits, ...own }, owner, performance.now());
  await until('it is connected', () => told.includes('new') && server.connections.length === 1);
  return {
    connection,
    told,
    nowMs: performance.now() + 60_000,
    send(request = get()) {
      const recorder = new Recorder();
      connection.take(new Call(request, requestHead(request) ?? '', recorder));
      connection.start();
      return recorder;
    },
  };
}

describe('the time for an answer', () => {
  it('counts from the last thing that happened, and is up neither earlier nor never', async () => {
    const { connection, nowMs, send } = await held(() => {});
    const recorder = send();
    connection.sweep(nowMs);
    connection.sweep(nowMs + limits.headersTimeoutMs - 1);
    expect(recorder.over).toBe(false);
    connection.sweep(nowMs + limits.headersTimeoutMs);
    expect(await recorder.outcome).toMatchObject({ kind: 'failed', code: 'upstream_headers_timeout' });
  });

  it('is another one for the body, and begins again with each part of it', async () => {
    const { connection, nowMs, send } = await held(() => {});
    const { socket } = server.connections[0] ?? {};
    const recorder = send();
    connection.sweep(nowMs);
    connection.sweep(nowMs + limits.headersTimeoutMs - 1);
    socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    await until('it has begun', () => recorder.bodyBytes === 4);
    connection.sweep(nowMs + 10_000);
    connection.sweep(nowMs + 10_000 + limits.idleTimeoutMs - 1);
    socket?.write('more');
    await until('it has gone on', () => recorder.bodyBytes === 8);
    connection.sweep(nowMs + 20_000);
    connection.sweep(nowMs + 20_000 + limits.idleTimeoutMs - 1);
    expect(recorder.over).toBe(false);
    connection.sweep(nowMs + 20_000 + limits.idleTimeoutMs);
    expect(await recorder.outcome).toMatchObject({
      kind: 'failed',
      code: 'upstream_idle_timeout',
      begun: 'halfmore',
    });
  });

  it('stands still while the sink pauses', async () => {
    const { connection, nowMs, send } = await held(
      always('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const recorder = send();
    recorder.wants = false;
    await until('it has begun', () => recorder.status === 200);
    for (let i = 0; i < 9; i++) connection.sweep(nowMs + i * limits.idleTimeoutMs);
    expect(recorder.over).toBe(false);
    recorder.wants = true;
    recorder.resume();
    connection.sweep(nowMs + 100_000);
    connection.sweep(nowMs + 100_000 + limits.idleTimeoutMs);
    expect(await recorder.outcome).toMatchObject({
      kind: 'failed',
      code: 'upstream_idle_timeout',
      begun: 'half',
    });
  });

  it('is up for the whole exchange, however it moves, where a whole exchange has its time: pauses aside', async () => {
    const totalTimeoutMs = 70_000;
    const { connection, send } = await held(always('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'), {
      totalTimeoutMs,
    });
    const beforeMs = performance.now();
    const recorder = send();
    const sentMs = performance.now();
    recorder.wants = false;
    await until('it has begun', () => recorder.status === 200);
    const begunMs = performance.now();
    connection.sweep(performance.now() + 2 * totalTimeoutMs);
    expect(recorder.over).toBe(false);
    await until('the pause was longer than sending', () => performance.now() - begunMs > sentMs - beforeMs);
    recorder.wants = true;
    recorder.resume();
    connection.sweep(sentMs + totalTimeoutMs);
    expect(recorder.over).toBe(false);
    connection.sweep(performance.now() + totalTimeoutMs);
    expect(await recorder.outcome).toMatchObject({ kind: 'failed', code: 'upstream_total_timeout' });
  });

  it('does not begin while the client is still sending, and begins when it has sent', async () => {
    const { connection, nowMs, send } = await held(() => {});
    const body = new PassThrough();
    const recorder = send(get({ method: 'POST', body }));
    body.write('half');
    await until('it is there', () => server.connections[0]?.text().includes('half') === true);
    for (let i = 0; i < 9; i++) connection.sweep(nowMs + i * limits.headersTimeoutMs);
    expect(recorder.over).toBe(false);
    body.end();
    await until('it is whole', () => server.connections[0]?.text().endsWith('0\r\n\r\n') === true);
    connection.sweep(nowMs + 100_000);
    connection.sweep(nowMs + 100_000 + limits.headersTimeoutMs);
    expect(await recorder.outcome).toMatchObject({ kind: 'failed', code: 'upstream_headers_timeout' });
  });
});

describe('an idle connection', () => {
  it.each([
    ['no Keep-Alive', '', upstreamKeepAliveMs],
    ['a generous one', 'Keep-Alive: timeout=600\r\n', upstreamKeepAliveMs],
    ['a mean one', 'keep-alive: max=9, Timeout=2\r\n', 2_000 - keepAliveMarginMs],
  ])('%s: is kept so long, and no longer', async (_name, field, keptMs) => {
    const { connection, told, send } = await held(
      always(`HTTP/1.1 200 OK\r\n${field}Content-Length: 2\r\n\r\nok`),
    );
    const beforeMs = performance.now();
    expect(await send().outcome).toMatchObject({ kind: 'answer' });
    const afterMs = performance.now();
    connection.sweep(beforeMs + keptMs - 1);
    expect([connection.isUsable(beforeMs + keptMs - 1), connection.state]).toEqual([true, 'free']);
    expect(connection.isUsable(afterMs + keptMs)).toBe(false);
    connection.sweep(afterMs + keptMs);
    expect(told).toEqual(['new', 'free', 'gone']);
    await server.connections[0]?.closed;
  });

  it('is no younger for a call that was stopped before it was written', async () => {
    const { connection, send } = await held(always(OK));
    await send().outcome;
    const afterMs = performance.now();
    const call = new Call(get(), requestHead(get()) ?? '', new Recorder());
    while (performance.now() < afterMs + 2) await new Promise((resolve) => setImmediate(resolve));
    connection.take(call);
    connection.giveUp(call);
    expect([connection.state, connection.isUsable(afterMs + upstreamKeepAliveMs)]).toEqual(['free', false]);
  });

  it('that goes while it is taken gives back the call that it has not written', async () => {
    const { connection, told } = await held(always(OK));
    const recorder = new Recorder();
    connection.take(new Call(get(), requestHead(get()) ?? '', recorder));
    server.connections[0]?.socket.write('stray');
    await until('it is gone', () => connection.state === 'gone');
    expect(told).toEqual(['new', 'gone unsent']);
    expect([recorder.sent, recorder.over]).toEqual([false, false]);
    connection.start();
    expect(recorder.sent).toBe(false);
  });
});
