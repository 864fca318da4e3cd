import { afterEach, describe, expect, it } from 'vitest';
import { HttpUpstream } from './http-upstream.js';
import { malformed, wellFormed } from './testing/answers.js';
import { exchangeOnce, get, Recorder } from './testing/exchange-once.js';
import { upstreamConfig } from './testing/limits.js';
import { type RawServer, startRawServer, writeCut } from './testing/raw-server.js';

let server: RawServer;
let upstream: HttpUpstream;
afterEach(async () => {
  await upstream.close();
  await server.close();
});

/** A server that sends what `script` holds at the time, with its cuts, and ends the connection if it says so. */
async function scripted(): Promise<{ bytes: string; cuts: readonly number[]; end: boolean }> {
  const script = { bytes: '', cuts: [] as readonly number[], end: false };
  server = await startRawServer(async (connection) => {
    for (;;) {
      await connection.request();
      await writeCut(connection.socket, script.bytes, script.cuts);
      if (script.end) connection.socket.end();
    }
  });
  upstream = new HttpUpstream(upstreamConfig(server.origin));
  return script;
}

describe('over a socket, cut at every place', () => {
  it.each(wellFormed)(
    '$name',
    async ({ bytes, method = 'GET', status, body, reusable, untilClose = false }) => {
      const script = await scripted();
      Object.assign(script, { bytes, end: untilClose });
      for (let cut = 0; cut < bytes.length; cut++) {
        script.cuts = [cut];
        expect(await exchangeOnce(upstream, get({ method })), `cut at ${cut}`).toMatchObject({
          kind: 'answer',
          status,
          body,
        });
      }
      expect(server.connections).toHaveLength(reusable ? 1 : bytes.length);
    },
  );

  it.each(wellFormed)(
    '$name, byte by byte',
    async ({ bytes, method = 'GET', status, body, untilClose = false }) => {
      const script = await scripted();
      Object.assign(script, { bytes, end: untilClose, cuts: [...bytes].map((_, at) => at) });
      expect(await exchangeOnce(upstream, get({ method }))).toMatchObject({ kind: 'answer', status, body });
    },
  );

  it.each(wellFormed.filter((sample) => !sample.untilClose))(
    '$name, and then the end at every place: that is no answer',
    async ({ bytes, method = 'GET', body }) => {
      const script = await scripted();
      script.end = true;
      for (let length = 0; length < bytes.length; length++) {
        script.bytes = bytes.slice(0, length);
        const outcome = await exchangeOnce(upstream, get({ method }));
        expect(outcome, `${length} bytes`).toMatchObject({
          kind: 'failed',
          code: 'upstream_closed',
          sent: true,
        });
        if (outcome.kind === 'failed') expect(body.startsWith(outcome.begun ?? '')).toBe(true);
      }
    },
  );
});

describe('malformed, over a socket', () => {
  it.each(malformed)('%s', async (_name, bytes) => {
    const script = await scripted();
    for (const cut of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
      Object.assign(script, { bytes, cuts: [cut] });
      const before = server.connections.length;
      const outcome = await exchangeOnce(upstream);
      expect(outcome).toMatchObject({ kind: 'failed', code: 'upstream_malformed', sent: true });
      // What it sent is neither told nor quoted.
      if (outcome.kind === 'failed')
        expect(outcome.message).toMatch(/^The upstream's answer is not usable: [a-z0-9A-Z/., ]+\.$/);
      expect(server.connections).toHaveLength(before + 1);
      await server.connections.at(-1)?.closed;
    }
  });
});

describe('back-pressure of an answer', () => {
  const chunks = 400;
  const chunk = 'x'.repeat(64 * 1024);
  const whole = chunks * chunk.length;
  const heads: readonly (readonly [string, string, (text: string) => string, string])[] = [
    ['a length', `HTTP/1.1 200 OK\r\nContent-Length: ${whole}\r\n\r\n`, (text) => text, ''],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      (text) => `${text.length.toString(16)}\r\n${text}\r\n`,
      '0\r\n\r\n',
    ],
    ['until the connection ends', 'HTTP/1.1 200 OK\r\n\r\n', (text) => text, ''],
  ];

  it.each(heads)('%s: a pause reaches the server, and nothing is lost', async (name, head, encode, tail) => {
    let written = 0;
    let stuck = false;
    server = await startRawServer(async ({ socket, request }) => {
      await request();
      socket.write(head);
      for (; written < chunks; written++) {
        if (socket.write(encode(chunk), 'latin1')) continue;
        stuck = true;
        await new Promise((resolve) => socket.once('drain', resolve));
        stuck = false;
      }
      socket.write(tail);
      if (name === 'until the connection ends') socket.end();
    });
    upstream = new HttpUpstream(upstreamConfig(server.origin));
    const recorder = new Recorder();
    recorder.wants = false;
    upstream.send(get(), recorder);
    // The server cannot go on, and what is heard meanwhile does not grow with what it has to say.
    while (!stuck || recorder.status === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.bodyBytes).toBe(0);
    expect(written).toBeLessThan(chunks);
    let pauses = 0;
    recorder.heard = () => {
      pauses += 1;
      setImmediate(() => recorder.resume());
    };
    recorder.resume();
    expect(await recorder.outcome).toMatchObject({ kind: 'answer', status: 200 });
    expect(recorder.bodyBytes).toBe(whole);
    expect(recorder.chunks.every((part) => part.every((byte) => byte === 0x78))).toBe(true);
    expect(pauses).toBeGreaterThan(chunks / 2);
  });

  it('resume within the call that asks for the pause, and at any other time', async () => {
    const script = await scripted();
    script.bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n';
    const recorder = new Recorder();
    recorder.wants = false;
    recorder.heard = () => recorder.resume();
    upstream.send(get(), recorder);
    expect(await recorder.outcome).toMatchObject({ kind: 'answer', body: 'ab' });
    // Too late: it belongs to nobody now, and must not touch the next one's pause.
    const next = new Recorder();
    next.wants = false;
    upstream.send(get(), next);
    while (next.status === 0) await new Promise((resolve) => setImmediate(resolve));
    recorder.resume();
    await new Promise((resolve) => setImmediate(resolve));
    expect(next.chunks).toHaveLength(0);
    next.heard = () => next.resume();
    next.resume();
    expect(await next.outcome).toMatchObject({ kind: 'answer', body: 'ab' });
  });

  it('a sink that throws is told so, and the connection goes', async () => {
    const script = await scripted();
    script.bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    for (const when of ['head', 'data'] as const) {
      const recorder = new Recorder();
      recorder[when] = () => {
        throw new Error('a fault of the sink');
      };
      upstream.send(get(), recorder);
      expect(await recorder.outcome).toMatchObject({ kind: 'failed', message: 'a fault of the sink' });
      await server.connections.at(-1)?.closed;
    }
  });
});
