import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { open } from './testing/client.js';
import { claims, openRig, until } from './testing/rig.js';

describe('close', () => {
  it('finishes what was paid for, and takes nothing new', async () => {
    let waiting: ServerResponse | undefined;
    const rig = await openRig({
      listener: (_request, response) => {
        waiting = response;
      },
    });
    const headers = ['Authorization', await rig.buy('/paid/price')];
    const reply = rig.ask('/paid/price', { headers });
    await until('the upstream has it', () => waiting !== undefined);
    const closed = rig.gateway.close();
    await expect(rig.ask('/paid/price')).rejects.toThrow(/ECONNREFUSED/);
    waiting?.end('at last');
    const { status, body, field } = await reply;
    expect(status).toBe(200);
    expect(body.toString()).toBe('at last');
    expect(field('payment-receipt')).toBeDefined();
    await closed;
    expect(await claims(rig.gateway, 'answered')).toBe(1);
    await rig.close();
  });

  it('cuts off no answer that was written and is taken slowly', async () => {
    const body = 'x'.repeat(250_000);
    let asked = 0;
    const rig = await openRig({
      listener: (_request, response) => {
        asked += 1;
        response.setHeader('Content-Length', body.length).end(body);
      },
    });
    const credentials: string[] = [];
    // More than the system keeps of what nobody has read.
    while (credentials.length < 64) credentials.push(await rig.buy('/paid/price'));
    const socket = connect(rig.port, '127.0.0.1').setEncoding('latin1');
    let received = '';
    socket.on('data', (text: string) => {
      received += text;
    });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.pause();
    for (const credential of credentials)
      socket.write(`GET /paid/price HTTP/1.1\r\nHost: shop.test\r\nAuthorization: ${credential}\r\n\r\n`);
    let [before, looksSince] = [0, 0];
    await until('nothing moves any more', () => {
      looksSince = asked === before ? looksSince + 1 : 0;
      before = asked;
      return asked > 0 && looksSince > 50;
    });
    const closed = rig.gateway.close();
    socket.resume();
    await closed;
    await ended;
    expect(received.split('HTTP/1.1 200 OK')).toHaveLength(asked + 1);
    expect(received.split(`\r\n\r\n${body}`)).toHaveLength(asked + 1);
    expect(await claims(rig.gateway, 'answered')).toBe(asked);
    await rig.close();
  });

  it('stops at its deadline: a safe request is released, and the connection ends', async () => {
    let asked = 0;
    const rig = await openRig({
      listener: () => {
        asked += 1;
      },
    });
    const headers = ['Authorization', await rig.buy('/paid/price')];
    const reply = rig.ask('/paid/price', { headers });
    reply.catch(() => {});
    await until('the upstream has it', () => asked === 1);
    await rig.gateway.close({ drainMs: 1 });
    await expect(reply).rejects.toThrow();
    expect(await claims(rig.gateway, 'released')).toBe(1);
    await rig.close();
  });

  it('stops at its deadline: the outcome of a once request that was sent is unknown', async () => {
    let asked = 0;
    const rig = await openRig({
      listener: () => {
        asked += 1;
      },
    });
    const post = { method: 'POST', body: 'x' };
    const headers = ['Authorization', await rig.buy('/paid/order', post)];
    const reply = rig.ask('/paid/order', { ...post, headers });
    reply.catch(() => {});
    await until('the upstream has it', () => asked === 1);
    await rig.gateway.close({ drainMs: 1 });
    await expect(reply).rejects.toThrow();
    expect(await claims(rig.gateway, 'unknown')).toBe(1);
    await rig.close();
  });

  it('waits for a once request whose client has left', async () => {
    let waiting: ServerResponse | undefined;
    const rig = await openRig({
      listener: (request, response) => {
        request.resume().on('end', () => {
          waiting = response;
        });
      },
    });
    const post = { method: 'POST', body: 'x' };
    const headers = ['Authorization', await rig.buy('/paid/order', post)];
    const request = open(rig.port, '/paid/order', { ...post, headers }, () => {});
    request.on('error', () => {});
    await until('the upstream has it', () => waiting !== undefined);
    const left = new Promise((resolve) => request.on('close', resolve));
    request.destroy();
    await left;
    const closed = rig.gateway.close();
    waiting?.end('done');
    await closed;
    expect(await claims(rig.gateway, 'cut')).toBe(1);
    await rig.close();
  });
});
