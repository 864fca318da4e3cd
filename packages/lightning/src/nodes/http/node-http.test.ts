import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { JsonValue } from '@farebox/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { CallLost, inFlightWhenSent } from './lost.js';
import { answerBytesMax, NodeHttp } from './node-http.js';

const silence = () => {};
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Listens on loopback, and a client of it. */
async function listen(server: Server, answerMs = 60_000): Promise<NodeHttp> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  // A listening TCP server has an AddressInfo; strings are for pipes.
  const { port } = server.address() as AddressInfo;
  const http = new NodeHttp({
    name: 'Node',
    url: `http://127.0.0.1:${port}/base/`,
    headers: { Authorization: 'the-secret' },
    answerMs,
  });
  closing.push(() => {
    http.close();
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return http;
}

const served = (handle: (request: IncomingMessage, response: ServerResponse) => void, answerMs?: number) =>
  listen(createServer(handle), answerMs);

const get = { method: 'GET', path: '/thing?a=1', repeating: 'harmless' } as const;
const pay = { method: 'POST', path: '/pay', json: { n: 1 }, repeating: 'moves-money' } as const;

async function lossOf(call: Promise<unknown>): Promise<CallLost> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CallLost) return error;
  throw new Error('The call was not lost.');
}

describe('a call', () => {
  it('carries path, query, body and credential, and brings the whole answer', async () => {
    const http = await served(async (request, response) => {
      const parts: Uint8Array[] = [];
      for await (const part of request) parts.push(part);
      response.statusCode = 207;
      response.end(
        JSON.stringify({
          method: request.method ?? '',
          url: request.url ?? '',
          secret: request.headers.authorization ?? '',
          type: request.headers['content-type'] ?? '',
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    expect((await http.call(get)).json).toMatchObject({
      method: 'GET',
      url: '/base/thing?a=1',
      secret: 'the-secret',
      body: '',
    });
    const posted = await http.call({ ...pay, json: { text: 'é⚡' } });
    expect(posted).toMatchObject({ status: 207, json: { type: 'application/json', body: '{"text":"é⚡"}' } });
    const form = await http.call({
      method: 'POST',
      path: '/f',
      form: { a: '1 & 2', b: 'é' },
      repeating: 'harmless',
    });
    expect(form.json).toMatchObject({
      type: 'application/x-www-form-urlencoded',
      body: 'a=1+%26+2&b=%C3%A9',
    });
  });

  it('does not follow redirects, which would carry the credential away', async () => {
    let calls = 0;
    const http = await served((_, response) => {
      calls++;
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    expect(await http.call(get)).toMatchObject({ status: 302, json: undefined });
    expect(calls).toBe(1);
  });

  it('that is refused becomes an error that says why, without what may be secret', async () => {
    const http = await served(() => {});
    const error = http.refusal({
      status: 400,
      json: { error: { message: `no: the-secret ${'ab'.repeat(32)}` } },
    });
    expect(error).toMatchObject({
      code: 'node_refused',
      message: 'Node refused the call (status 400: no: … …).',
    });
    const codes = [401, 403, 404, 409, 429, 500, 502, 503, 504, 302].map(
      (status) => http.refusal({ status, json: undefined }).code,
    );
    expect(codes).toEqual([
      'node_unauthorized',
      'node_unauthorized',
      'node_refused',
      'node_refused',
      'node_unreachable',
      'node_misbehaved',
      'node_unreachable',
      'node_unreachable',
      'node_unreachable',
      'node_misbehaved',
    ]);
  });
});

describe('a call that is lost', () => {
  it('when nobody listens was certainly not sent', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const http = new NodeHttp({ name: 'Node', url: `http://127.0.0.1:${port}` });
    const loss = await lossOf(http.call(pay));
    expect(loss).toMatchObject({ code: 'node_unreachable', sent: false });
    expect(loss.message).toMatch(/does not answer \(ECONNREFUSED\); check that it runs/);
    await expect(inFlightWhenSent(() => Promise.reject(loss))).rejects.toBe(loss);
    http.close();
  });

  it.each<[string, (socket: Socket) => void]>([
    ['before the answer', (socket) => socket.destroy()],
    ['within the header', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')],
    ['within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"status":')],
    [
      'within a chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{"a"'),
    ],
    ['to something that is not HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['to silence', silence],
  ])('%s may have been carried out, and is not sent again', async (_, answer) => {
    let asked = 0;
    const http = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          asked++;
          answer(socket);
        });
      }),
      // Only silence is ended by it, and it begins before the call has left.
      answer === silence ? 2_000 : 60_000,
    );
    const loss = await lossOf(http.call(pay));
    expect(loss.sent).toBe(true);
    expect(loss.message).not.toContain('the-secret');
    expect(await inFlightWhenSent(() => Promise.reject(loss))).toEqual({ status: 'in-flight' });
    expect(asked).toBe(1);
  });

  it.each([false, true])('to an endless answer is given up (by lines: %s)', async (lines) => {
    const http = await served((_, response) => {
      const fill = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', fill);
      };
      response.writeHead(200);
      fill();
    });
    const call = lines
      ? http.stream(
          get,
          () => undefined,
          () => undefined,
        )
      : http.call(get);
    const loss = await lossOf(call);
    expect(loss).toMatchObject({ code: 'node_misbehaved', sent: true });
    expect(loss.message).toContain(`longer than ${answerBytesMax} bytes`);
  });

  it('by closing is lost at once, and later ones are not sent', async () => {
    let http: NodeHttp | undefined;
    const lost = new Promise<CallLost>((resolve) => {
      served(() => http?.close()).then((made) => {
        http = made;
        lossOf(made.call(pay)).then(resolve);
      });
    });
    expect(await lost).toMatchObject({ sent: true });
    expect(await lossOf(http?.call(get) ?? Promise.resolve())).toMatchObject({
      code: 'node_unreachable',
      sent: false,
    });
  });
});

describe('a connection that was kept', () => {
  it('and has died meanwhile is replaced for harmless calls; a payment has one of its own', async () => {
    const connections: Socket[] = [];
    const server = createServer((_, response) => response.end('{}'));
    server.on('connection', (socket: Socket) => connections.push(socket));
    const http = await listen(server);
    await http.call(get);
    await http.call(get);
    expect(connections).toHaveLength(1);
    // The server's end closes without a word when the next request comes, as an idle proxy does.
    connections[0]?.removeAllListeners('data');
    connections[0]?.once('readable', () => connections[0]?.destroy());
    connections[0]?.on('data', () => connections[0]?.destroy());
    expect((await http.call(get)).status).toBe(200);
    const before = connections.length;
    expect((await http.call(pay)).status).toBe(200);
    expect((await http.call(pay)).status).toBe(200);
    expect(connections.length).toBe(before + 2);
  });
});

describe('a stream', () => {
  const lines = (parts: readonly string[], end = true) =>
    served((_, response) => {
      for (const part of parts) response.write(part);
      if (end) response.end();
    });
  const status = (line: JsonValue) =>
    typeof line === 'object' && line !== null && 'status' in line ? String(line.status) : undefined;
  const never = () => {
    throw new Error('It was no refusal.');
  };

  it('gives the first line that is wanted, at once, without waiting for the end', async () => {
    const http = await lines(['{"other":1}\n', '{"sta', 'tus":"A"}\n{"status":"B"}\n'], false);
    expect(await http.stream(get, status, never)).toBe('A');
  });

  it('gives a last line without an end, and undefined when there is none', async () => {
    expect(await (await lines(['{"status":"A"}'])).stream(get, status, never)).toBe('A');
    expect(await (await lines(['{"other":1}\nnonsense\n\n'])).stream(get, status, never)).toBeUndefined();
    expect(await (await lines([])).stream(get, status, never)).toBeUndefined();
  });

  it('gives a refusal whole', async () => {
    const http = await served((_, response) => {
      response.statusCode = 409;
      response.end('{\n"error":{"code":6}}');
    });
    expect(await http.stream(get, status, (answer) => `${answer.status} ${answer.text.length}`)).toBe(
      '409 21',
    );
  });

  it('that throws while it is looked at is lost, and nothing else breaks', async () => {
    const http = await lines(['{"status":"A"}\n'], false);
    const failing = () => {
      throw new TypeError('a fault of ours');
    };
    expect(await lossOf(http.stream(get, failing, never))).toMatchObject({ sent: true });
    expect(await http.stream(get, status, never)).toBe('A');
  });
});
