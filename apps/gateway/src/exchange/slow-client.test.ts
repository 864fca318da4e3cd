import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claims, openRig, type Rig, until } from '../testing/rig.js';

/** How often an answer that did not leave is given again: the gateway's default. */
const redeliveriesMax = 3;
/** More than all buffers between an upstream and a client take. */
const largeBytes = 64 * 1024 * 1024;

let rig: Rig | undefined;
/** What the gateway writes to its client, the newest last. */
const answers: ServerResponse[] = [];
const started = (message: unknown): void => {
  if (typeof message !== 'object' || message === null || !('response' in message)) return;
  // The channel's messages are documented: an `http.ServerResponse`, of the gateway's server and of the upstream's.
  const response = message.response as ServerResponse;
  if (response.req.headers.authorization !== undefined) answers.push(response);
};
beforeEach(() => subscribe('http.server.request.start', started));
afterEach(async () => {
  unsubscribe('http.server.request.start', started);
  answers.length = 0;
  await rig?.close();
  rig = undefined;
});

describe('an upstream that breaks off its answer', () => {
  it('while its client made it wait: the client has no more answers of it than any other that breaks off', async () => {
    const upstreams: Socket[] = [];
    const opened = await openRig({ listener: large((socket) => upstreams.push(socket)) });
    rig = opened;
    const credential = await opened.buy('/paid/large');
    for (let turn = 0; turn <= redeliveriesMax; turn++) {
      const client = await present(opened.port, credential);
      client.pause();
      // The client takes nothing, so what is on its way stands still; then its upstream has had enough.
      await until('the client is waited for', () => answers[turn]?.writableNeedDrain === true);
      upstreams[turn]?.resetAndDestroy();
      client.resume();
      await once(client, 'close');
      await until('it is noted', async () => (await claims(opened.gateway, 'cut')) === 1);
      expect(upstreams).toHaveLength(turn + 1);
    }
    const headers = ['Authorization', credential];
    expect((await opened.ask('/paid/large', { headers })).status).toBe(402);
  });

  it('by itself: that does not count against the client', async () => {
    const opened = await openRig({
      listener: (_request, response) => {
        response.writeHead(200, { 'Content-Length': largeBytes });
        response.write('some', () => response.destroy());
      },
    });
    rig = opened;
    const credential = await opened.buy('/paid/large');
    for (let turn = 0; turn <= redeliveriesMax + 1; turn++) {
      const client = await present(opened.port, credential);
      client.resume();
      await once(client, 'close');
      await until('it is noted', async () => (await claims(opened.gateway, 'cut')) === 1);
      expect(answers[turn]?.statusCode).toBe(200);
    }
  });
});

/** Answers with as much as nobody takes at once. */
function large(onSocket: (socket: Socket) => void): RequestListener {
  const part = Buffer.alloc(64 * 1024);
  return ({ socket }, response) => {
    onSocket(socket);
    response.on('error', () => undefined);
    response.writeHead(200, { 'Content-Length': largeBytes });
    const fill = (): void => {
      while (!response.destroyed && response.write(part));
    };
    response.on('drain', fill);
    fill();
  };
}

/** Presents a credential by hand; resolves when the answer has begun. */
async function present(port: number, credential: string): Promise<Socket> {
  const client = connect({ host: '127.0.0.1', port }).on('error', () => undefined);
  client.write(
    `GET /paid/large HTTP/1.1\r\nHost: shop.test\r\nAuthorization: ${credential}\r\nConnection: close\r\n\r\n`,
  );
  await once(client, 'data');
  return client;
}
