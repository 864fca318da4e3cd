import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { createFront, type Front } from './front.js';
import { openRig } from './testing/rig.js';

/** A connection, and what has come over it until it ended. */
function dial(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    received += part;
  });
  return { socket, received: () => received, ended: once(socket, 'close') };
}

const get = 'GET / HTTP/1.1\r\nHost: names.test\r\n\r\n';
const listen = (front: Front) => front.listen('127.0.0.1', 0);

it('a registrar that stops takes what was begun to its end, and says that nothing more is taken', async () => {
  const rig = await openRig();
  const { socket, received, ended } = dial(rig.url);
  const body = JSON.stringify({ name: 'a test' });
  socket.write(
    `POST /agent/auth HTTP/1.1\r\nHost: names.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  await expect.poll(received, { timeout: 50_000 }).toContain('100 Continue');
  const closed = rig.close();
  socket.write(body);
  await ended;
  await closed;
  expect(received()).toContain('HTTP/1.1 201');
  expect(received()).toMatch(/\r\nConnection: close\r\n/i);
  expect(received()).toContain('api_key');
});

it('an answer that was written, and is taken slowly, leaves whole', async () => {
  const bytes = 16_000_000;
  const front = createFront((_request, response) => response.end(Buffer.alloc(bytes, 'x')));
  const { socket, received, ended } = dial((await listen(front)).url);
  socket.write(get);
  await expect.poll(() => received() !== '', { timeout: 50_000 }).toBe(true);
  socket.pause();
  const closed = front.close();
  socket.resume();
  await closed;
  await ended;
  expect(received().split('\r\n\r\n')[1]).toHaveLength(bytes);
});

it('whoever asked twice and is gone is waited for no more', async () => {
  let asked = 0;
  const front = createFront(() => asked++);
  const { socket, ended } = dial((await listen(front)).url);
  socket.write(get + get);
  await expect.poll(() => asked, { timeout: 50_000 }).toBe(2);
  const closed = front.close();
  socket.destroy();
  await ended;
  await closed;
});

it('a connection that asks for nothing is ended at once, and no other is taken', async () => {
  let answer: (() => void) | undefined;
  const front = createFront((request, response) => {
    if (request.url === '/') response.end();
    else answer = () => response.end('at last');
  });
  const { url } = await listen(front);
  const [idle, busy] = [dial(url), dial(url)];
  idle.socket.write(get);
  await expect.poll(idle.received, { timeout: 50_000 }).toMatch(/Keep-Alive: timeout=65/i);
  busy.socket.write(get.replace('/', '/later'));
  await expect.poll(() => answer, { timeout: 50_000 }).toBeDefined();
  const closed = front.close();
  await idle.ended;
  await expect(fetch(url)).rejects.toThrow();
  answer?.();
  await closed;
  await busy.ended;
  expect(busy.received()).toContain('at last');
  await front.close();
});
