import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attemptsMax, backoffMs, backoffMsMax } from './courier.js';
import { sendWebhook } from './send.js';

let server: Server;
let port = 0;
let asked = 0;
beforeEach(async () => {
  asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(200).end('x'.repeat(100_000));
  });
  // Whatever connects is seen, TLS or not.
  server.on('connection', () => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo); // it listens on TCP
});
afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
);

it('goes to this machine only where that is allowed', async () => {
  for (const host of ['localhost', '127.0.0.1', '2130706433', '[::1]', '0x7f.1'])
    expect([host, await sendWebhook(`https://${host}:${port}/`, 's', '{}', false)]).toEqual([host, false]);
  expect(asked).toBe(0);
  expect(await sendWebhook(`http://127.0.0.1:${port}/`, 's', '{}', true)).toBe(true);
});

it('a target that switches protocols has not been told, and its connection is ended', async () => {
  const ended = new Promise<void>((resolve) => {
    server.removeAllListeners('request');
    server.on('request', ({ socket }) => {
      socket.on('close', () => resolve());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
  });
  expect(await sendWebhook(`http://127.0.0.1:${port}/`, 's', '{}', true)).toBe(false);
  await ended;
});

it('is tried again ever more rarely, for about a day', () => {
  const pauses = Array.from({ length: attemptsMax - 1 }, (_, n) => backoffMs(n + 1));
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  expect(Math.max(...pauses)).toBe(backoffMsMax);
  const hours = pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  expect(Math.round(hours)).toBe(23);
});
