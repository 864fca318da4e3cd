import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { openRaw } from '../testing/client.js';
import { claims, openRig, type Rig, until } from '../testing/rig.js';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const message = (path: string, fields: readonly string[] = []): string =>
  `GET ${path} HTTP/1.1\r\n${['Host: shop.test', ...fields].join('\r\n')}\r\n\r\n`;

describe('requests that are sent one after the other without waiting', () => {
  it('a connection that ends before their turn leaves nothing at work: the payment is good again, and close waits for nobody', async () => {
    const waiting: ServerResponse[] = [];
    const paths: string[] = [];
    rig = await openRig({
      listener: (request, response) => {
        paths.push(request.url ?? '');
        if (request.url === '/free/slow') waiting.push(response);
        else response.end('ok');
      },
    });
    const credential = await rig.buy('/paid/price');
    const bytes = [
      message('/free/slow'),
      message('/paid/price', [`Authorization: ${credential}`]),
      ...Array.from({ length: 20 }, () => message('/free/x')),
    ];
    const socket = await openRaw(rig.port, bytes.join(''));
    const { gateway } = rig;
    // Delivered, and waiting for its turn behind the slow one.
    await until('the paid one is delivered', async () => (await claims(gateway, 'delivered')) === 1);
    await until('the others came through', () => paths.length === 22);
    socket.destroy();
    await until('the delivery was cut', async () => (await claims(gateway, 'cut')) === 1);
    const again = await rig.ask('/paid/price', { headers: ['Authorization', credential] });
    expect(again.status).toBe(200);
    // Only the drain's deadline would end what nobody told that it is over.
    await gateway.close({ drainMs: 2 ** 31 - 1 });
    expect(waiting).toHaveLength(1);
  });

  it('are not held in any number: the connection ends, and others are served', async () => {
    let asked = 0;
    rig = await openRig({
      listener: (request, response) => {
        asked++;
        if (request.url === '/free/y') response.end('ok');
      },
    });
    const socket = await openRaw(rig.port, message('/free/x').repeat(5_000));
    await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    expect(asked).toBeLessThan(200);
    expect((await rig.ask('/free/y')).status).toBe(200);
  });

  it('are answered in their order, each as on a connection of its own', async () => {
    rig = await openRig({ listener: (request, response) => void response.end(request.url) });
    const credential = await rig.buy('/paid/price');
    const socket = await openRaw(
      rig.port,
      message('/free/a') +
        message('/paid/price', [`Authorization: ${credential}`]) +
        message('/free/b', ['Connection: close']),
    );
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    expect([...text.matchAll(/\/(?:free\/[ab]|paid\/price)/g)].map(([path]) => path)).toEqual([
      '/free/a',
      '/paid/price',
      '/free/b',
    ]);
    expect(await claims(rig.gateway, 'answered')).toBe(1);
  });
});
