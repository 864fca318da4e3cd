import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../testing/rig.js';
import { HttpUpstream } from './http-upstream.js';
import { certificate } from './testing/certificate.js';
import { exchangeOnce, get, Recorder } from './testing/exchange-once.js';
import { upstreamConfig } from './testing/limits.js';
import { always, type RawConnection, type RawServer, startRawServer } from './testing/raw-server.js';
import { joinedBodyBytesMax } from './write-request.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let server: RawServer | undefined;
let upstream: HttpUpstream;
async function open(
  serve: (connection: RawConnection) => Promise<void> | void,
  given: Parameters<typeof upstreamConfig>[1] = {},
): Promise<RawServer> {
  server = await startRawServer(serve);
  upstream = new HttpUpstream(upstreamConfig(server.origin, given));
  return server;
}
afterEach(async () => {
  await upstream.close();
  await server?.close();
  server = undefined;
});

/** Answers once everything up to `end` has arrived. */
function answering(end: string): (connection: RawConnection) => Promise<void> {
  return async (connection) => {
    await until('the request is whole', () => connection.text().endsWith(end));
    connection.socket.write(OK);
  };
}

describe('a body', () => {
  it.each([1, joinedBodyBytesMax, joinedBodyBytesMax + 1, 1_000_000])(
    'of %d bytes arrives as it is',
    async (size) => {
      const body = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) % 256));
      body[size - 1] = 0x21;
      const { connections } = await open(async (connection) => {
        await until(
          'it is whole',
          () => connection.text().length >= connection.text().indexOf('\r\n\r\n') + 4 + size,
        );
        connection.socket.write(OK);
      });
      const outcome = await exchangeOnce(upstream, get({ method: 'POST', body }));
      expect(outcome).toMatchObject({ kind: 'answer', body: 'ok' });
      const head = `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n`;
      expect(connections[0]?.text() === head + body.toString('latin1')).toBe(true);
    },
  );

  it('that streams goes in chunks, and the connection is kept', async () => {
    const { connections } = await open(answering('0\r\n\r\n'));
    const body = Readable.from([Buffer.from('hello'), Buffer.alloc(0), Buffer.from('0\r\n\r\nx')]);
    expect(await exchangeOnce(upstream, get({ method: 'POST', body }))).toMatchObject({ kind: 'answer' });
    expect(connections[0]?.text()).toBe(
      'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n0\r\n\r\nx\r\n0\r\n\r\n',
    );
  });

  it('that streams goes with its length when it has one', async () => {
    const { connections } = await open(answering('helloworld'));
    const body = Readable.from([Buffer.from('hello'), Buffer.from('world')]);
    const request = get({ method: 'POST', headers: ['Content-Length', '10'], body });
    expect(await exchangeOnce(upstream, request)).toMatchObject({ kind: 'answer' });
    expect(connections[0]?.text()).toBe('POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhelloworld');
  });

  it.each([
    ['shorter', '20'],
    ['longer', '3'],
  ])('that is %s than its length: broken, and not a byte more than was announced', async (_name, length) => {
    const { connections } = await open(() => {});
    const body = Readable.from([Buffer.from('hello')]);
    const request = get({ method: 'POST', headers: ['Content-Length', length], body });
    expect(await exchangeOnce(upstream, request)).toMatchObject({
      kind: 'failed',
      code: 'upstream_body',
      sent: true,
    });
    await connections[0]?.closed;
    expect((connections[0]?.text().split('\r\n\r\n')[1] ?? '').length).toBeLessThanOrEqual(Number(length));
  });

  it.each([
    ['breaks off', (body: PassThrough) => void body.destroy(), 'upstream_body'],
    [
      'fails',
      (body: PassThrough) => void body.destroy(Object.assign(new Error('x'), { code: 'E_OWN' })),
      'E_OWN',
    ],
  ])('that %s: the request is never completed', async (_name, ending, code) => {
    const { connections } = await open(() => {});
    const body = new PassThrough();
    body.on('error', () => {});
    const recorder = new Recorder();
    upstream.send(get({ method: 'POST', body }), recorder);
    body.write('half');
    await until('it is there', () => connections[0]?.text().includes('half') === true);
    ending(body);
    expect(await recorder.outcome).toMatchObject({ kind: 'failed', code, sent: true });
    await connections[0]?.closed;
    expect(connections[0]?.text()).not.toContain('0\r\n\r\n');
  });

  it('that was gone before there was a connection', async () => {
    await open(always(OK));
    const body = new PassThrough();
    body.destroy();
    expect(await exchangeOnce(upstream, get({ method: 'POST', body }))).toMatchObject({
      kind: 'failed',
      code: 'upstream_body',
    });
  });

  it('is read no faster than the upstream takes it, and taking nothing is a timeout', async () => {
    let reading = false;
    const { connections } = await open(
      (connection) => {
        connection.socket.pause();
        reading = true;
      },
      { headersTimeoutMs: 100 },
    );
    const body = new PassThrough();
    const recorder = new Recorder();
    upstream.send(get({ method: 'POST', body }), recorder);
    await until('it is connected', () => reading && recorder.sent);
    let taken = 0;
    const piece = Buffer.alloc(64 * 1024);
    // Until the buffers between are full.
    while (body.write(piece)) {
      taken += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(taken).toBeLessThan(1_000);
    // An upstream that takes nothing for as long as that is not answering in time.
    expect(await recorder.outcome).toMatchObject({
      kind: 'failed',
      code: 'upstream_headers_timeout',
      sent: true,
    });
    expect(body.destroyed).toBe(true);
    connections[0]?.socket.destroy();
  });

  it('that is not wanted: the answer stands, and the connection is not used again', async () => {
    const { connections } = await open(always(OK));
    const body = new PassThrough();
    const recorder = new Recorder();
    upstream.send(get({ method: 'POST', body }), recorder);
    body.write('half');
    expect(await recorder.outcome).toMatchObject({ kind: 'answer', body: 'ok' });
    await connections[0]?.closed;
    expect(body.destroyed).toBe(true);
    expect(await exchangeOnce(upstream)).toMatchObject({ kind: 'answer' });
    expect(connections).toHaveLength(2);
  });

  it('of which a part is not even sent yet: the same', async () => {
    const { connections } = await open((connection) => {
      connection.socket.pause();
      connection.socket.write(OK);
    });
    const body = Buffer.alloc(64 * 1024 * 1024);
    expect(await exchangeOnce(upstream, get({ method: 'POST', body }))).toMatchObject({ kind: 'answer' });
    connections[0]?.socket.resume();
    await connections[0]?.closed;
  });

  it('of a call that is stopped is let go', async () => {
    await open(() => {});
    const body = new PassThrough();
    const recorder = new Recorder();
    const abort = upstream.send(get({ method: 'POST', body }), recorder);
    await until('it is sent', () => recorder.sent);
    abort();
    expect(body.destroyed).toBe(true);
  });
});

describe('time', () => {
  it('no answer: a timeout', async () => {
    const { connections } = await open(() => {}, { headersTimeoutMs: 50 });
    expect(await exchangeOnce(upstream)).toMatchObject({
      kind: 'failed',
      code: 'upstream_headers_timeout',
      sent: true,
    });
    await connections[0]?.closed;
  });

  it('half of a header section is no answer', async () => {
    await open(always('HTTP/1.1 200 OK\r\nContent-'), { headersTimeoutMs: 50 });
    expect(await exchangeOnce(upstream)).toMatchObject({ kind: 'failed', code: 'upstream_headers_timeout' });
  });

  it('a body that pauses: a timeout', async () => {
    const { connections } = await open(always('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'), {
      idleTimeoutMs: 50,
    });
    const outcome = await exchangeOnce(upstream);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'upstream_idle_timeout', begun: 'half' });
    await connections[0]?.closed;
  });

  it('no connection: a timeout, and the request was never sent', async () => {
    // A TLS server's name for what TCP has accepted: the handshake that never comes is part of connecting.
    server = await startRawServer(() => {});
    upstream = new HttpUpstream(
      upstreamConfig(server.origin.replace('http:', 'https:'), { connectTimeoutMs: 50, connections: 2 }),
    );
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => exchangeOnce(upstream)));
    const codes = outcomes.map((outcome) => (outcome.kind === 'failed' && !outcome.sent ? outcome.code : ''));
    expect(codes.join()).toMatch(/^(upstream_connect_timeout,){2}(upstream_(connect_timeout|busy),?){3}$/);
  });

  it('nobody there: refused at once, and never sent', async () => {
    // Not a port that was free a moment ago: no test listens at this address.
    server = await startRawServer(() => {});
    const origin = server.origin.replace('127.0.0.1', '127.0.0.77');
    upstream = new HttpUpstream(upstreamConfig(origin, { connections: 2 }));
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => exchangeOnce(upstream)));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: 'failed', code: 'ECONNREFUSED', sent: false });
  });

  it('a request that may not be written is never sent', async () => {
    const { connections } = await open(always(OK));
    const outcome = await exchangeOnce(upstream, get({ target: '/ HTTP/1.1\r\nX: y\r\n\r\n' }));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'upstream_unsendable', sent: false });
    expect(connections).toHaveLength(0);
  });
});

describe('TLS', () => {
  const { key, cert } = certificate;

  it('checks the certificate, keeps the connection, and moves bodies both ways', async () => {
    const big = 'y'.repeat(3_000_000);
    server = await startRawServer(
      async (connection) => {
        for (;;) {
          await connection.request();
          connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n${big}`);
        }
      },
      { key, cert },
    );
    upstream = new HttpUpstream(upstreamConfig(server.origin), { ca: cert });
    for (let i = 0; i < 3; i++) {
      const recorder = new Recorder();
      recorder.wants = i !== 1;
      recorder.heard = () => setImmediate(() => recorder.resume());
      upstream.send(get({ method: 'POST', body: Buffer.alloc(100_000, 'z') }), recorder);
      const outcome = await recorder.outcome;
      expect(outcome.kind === 'answer' && outcome.body === big).toBe(true);
    }
    expect(server.connections).toHaveLength(1);
  });

  it('by name, and until the connection ends', async () => {
    server = await startRawServer(
      async (connection) => {
        await connection.request();
        connection.socket.end('HTTP/1.1 200 OK\r\n\r\nhello');
      },
      { key, cert },
    );
    upstream = new HttpUpstream(upstreamConfig(`https://localhost:${server.port}`), { ca: cert });
    for (let i = 0; i < 3; i++)
      expect(await exchangeOnce(upstream)).toMatchObject({ kind: 'answer', body: 'hello' });
  });

  it('a certificate that nobody vouches for: never sent', async () => {
    server = await startRawServer(always(OK), { key, cert });
    upstream = new HttpUpstream(upstreamConfig(server.origin));
    expect(await exchangeOnce(upstream)).toMatchObject({
      kind: 'failed',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      sent: false,
    });
    expect(server.connections.map((connection) => connection.text()).join('')).toBe('');
  });

  it('a certificate of another name: never sent', async () => {
    server = await startRawServer(always(OK), { key, cert });
    upstream = new HttpUpstream(upstreamConfig(`https://[::ffff:127.0.0.1]:${server.port}`), { ca: cert });
    expect(await exchangeOnce(upstream)).toMatchObject({
      kind: 'failed',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      sent: false,
    });
  });
});
