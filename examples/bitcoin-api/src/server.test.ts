import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBitcoinApi } from './server.js';
import { type Facade, reply, rpcPassword, startFacade } from './testing/facade.js';
import { tip } from './testing/recordings.js';

const price = { currency: 'EUR', rate: 90_000 };
let node: Facade;

beforeEach(async () => {
  node = await startFacade();
});

afterEach(() => node.close());

function start(port = 0) {
  return startBitcoinApi({ rpc: { url: node.url, user: 'me', password: rpcPassword }, price, port });
}

describe('startBitcoinApi', () => {
  it('serves on a free port of the loopback, and HEAD too', async () => {
    const api = await start();
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetch(`${api.url}/v1/bitcoin/price`);
    expect(await answer.json()).toEqual({ currency: 'EUR', rate: 90_000, source: 'configured' });
    const head = await fetch(`${api.url}/v1/bitcoin/blocks/tip`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(await (await fetch(`${api.url}/healthz`)).json()).toEqual({ status: 'ok', height: 170 });
    await api.close();
    await expect(fetch(`${api.url}/v1/bitcoin/price`)).rejects.toThrow();
    await api.close();
  });

  it('finishes what is running when it closes', async () => {
    const api = await start();
    let release = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      node.behave('getbestblockhash', (answer) => {
        release = () => reply(answer, { result: `"${tip.hash}"` });
        resolve();
      });
    });
    const answer = fetch(`${api.url}/v1/bitcoin/blocks/tip`);
    await asked;
    const closed = api.close();
    release();
    expect((await answer).status).toBe(200);
    await closed;
  });

  it('rejects when the port is taken', async () => {
    const api = await start();
    await expect(start(Number(new URL(api.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await api.close();
  });

  it('survives clients that speak no HTTP', async () => {
    const api = await start();
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write('\x16\x03\x01 garbage\r\n\r\n');
    await ended;
    expect((await fetch(`${api.url}/v1/bitcoin/price`)).status).toBe(200);
    await api.close();
  });
});
