import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openRig, payFor, type Rig, until } from './testing/rig.js';

const mebibyte = 1_048_576;
/** What one client may have of the 64 MiB: an eighth, eight bodies of the largest size. */
const slowCount = 8;
const flooder = '127.0.0.11';

let rig: Rig | undefined;
const slow: Socket[] = [];
afterEach(async () => {
  for (const socket of slow.splice(0)) socket.destroy();
  await rig?.close();
  rig = undefined;
});

interface Posted {
  readonly status: number;
  readonly body: string;
  fields(name: string): string[];
}

/** Posts a small order from one address of the loopback network. */
function post(port: number, localAddress: string, credential?: string): Promise<Posted> {
  const headers = credential === undefined ? {} : { authorization: credential };
  const how = { host: '127.0.0.1', port, path: '/paid/order', method: 'POST', localAddress, headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...how, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      const fields = (name: string) => response.headersDistinct[name] ?? [];
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, fields }));
    });
    request.on('error', reject).end('an order of some length');
  });
}

it('slow bodies from one address shut out neither others nor who has paid', async () => {
  const rate = { per_second: 1_000, burst: 10_000 };
  const shop = await openRig({ config: { mint_budget: { client: rate, global: rate } } });
  rig = shop;
  const paid = await payFor(shop.node, await post(shop.port, flooder));
  // Each has all of its body but the last byte.
  const head = `POST /paid/order HTTP/1.1\r\nHost: a\r\nContent-Length: ${mebibyte}\r\n\r\n`;
  const body = Buffer.alloc(mebibyte - 1, 'x');
  for (let i = 0; i < slowCount; i++) {
    const socket = connect({ host: '127.0.0.1', port: shop.port, localAddress: flooder }, () => {
      socket.write(head);
      socket.write(body);
    });
    slow.push(socket.on('error', () => {}));
  }
  let refused: Posted | undefined;
  await until('its share is full', async () => {
    refused = await post(shop.port, flooder);
    return refused.status === 503;
  });
  expect(JSON.parse(refused?.body ?? '')).toMatchObject({ status: 503, retry: 'safe' });
  expect(refused?.fields('retry-after')).toEqual(['1']);
  expect((await post(shop.port, '127.0.0.99')).status).toBe(402);
  expect((await post(shop.port, flooder, paid)).status).toBe(200);
  // A credential that is made up has a share of its own, and is judged.
  expect((await post(shop.port, flooder, 'Payment made-up')).status).toBe(402);

  for (const socket of slow.splice(0)) socket.destroy();
  await until('the room is given back', async () => (await post(shop.port, flooder)).status === 402);
});

it('who comes with a credential and finds no room is told to send it again', async () => {
  const rate = { per_second: 1_000, burst: 10_000 };
  const shop = await openRig({ config: { mint_budget: { client: rate, global: rate } } });
  rig = shop;
  const paid = await payFor(shop.node, await post(shop.port, flooder));
  const fields = `Host: a\r\nContent-Length: ${mebibyte}\r\nAuthorization: Payment made-up\r\n`;
  const body = Buffer.alloc(mebibyte - 1, 'x');
  for (let i = 0; i < slowCount; i++) {
    const socket = connect({ host: '127.0.0.1', port: shop.port, localAddress: flooder }, () => {
      socket.write(`POST /paid/order HTTP/1.1\r\n${fields}\r\n`);
      socket.write(body);
    });
    slow.push(socket.on('error', () => {}));
  }
  let refused: Posted | undefined;
  await until('its share is full', async () => {
    refused = await post(shop.port, flooder, 'Payment another');
    return refused.status === 503;
  });
  refused = await post(shop.port, flooder, paid);
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.body)).toMatchObject({ retry: 'same-credential' });
  expect(refused.body).not.toContain('nothing was charged');

  for (const socket of slow.splice(0)) socket.destroy();
  await until('there is room', async () => (await post(shop.port, flooder, paid)).status === 200);
});
