import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { serializeCredential } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSockets, requestBytes, statusOf } from './by-hand.js';
import { changeConfigs, openMsMax, openScene, type Scene } from './faults-scene.js';
import { FaultyWire } from './faulty-wire.js';
import { goodsFor } from './goods.js';
import { isNodeLate } from './presenting.js';
import { killAll, until } from './processes.js';
import type { Purchase } from './storm-client.js';
import { bodyOf, type RouteName, routes } from './world.js';

/** How many purchases of others must be served meanwhile. */
const others = 12;
/** How often an answer that did not leave is given again: the gateway's default. */
const redeliveriesMax = 3;
/** As much of an upstream's answer as its header section takes, and a part of the body. */
const headBytes = 250;
/** Connections that are held open by sending next to nothing. */
const lorisCount = 200;

const names: readonly RouteName[] = ['safe', 'stream', 'idempotent', 'once'];
let scene: Scene;
let wire: FaultyWire;

beforeAll(async () => {
  scene = await openScene({
    async prepare(world) {
      wire = await new FaultyWire(world.goods.url).listen();
      changeConfigs(world, (text) => text.replace(world.goods.url, wire.url));
      return world;
    },
  });
  await scene.served(others);
}, openMsMax);
afterAll(async () => {
  await killAll();
  await scene.close();
  await wire.close();
});

/** The bytes of a presentation by hand. */
function bytesOf({ route, path, challenge, preimage }: Purchase): string {
  const { method } = routes[route];
  const credential = serializeCredential({ challenge, payload: { preimage } });
  const body = method === 'GET' ? {} : { body: bodyOf(path.slice(path.lastIndexOf('/') + 1)) };
  return requestBytes(path, credential, { method, ...body });
}

/** A connection that keeps its own side open when the gateway ends, with all that came. */
async function open(purchase: Purchase): Promise<{ readonly socket: Socket; read: () => string }> {
  purchase.presentations++;
  let text = '';
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(scene.world.url).port),
    allowHalfOpen: true,
    noDelay: true,
  });
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, read: () => text };
}

/** Presents as an ordinary client would, until there is an answer that is no invitation to wait. */
async function presentUntilTold(purchase: Purchase): Promise<void> {
  await until('an answer', () => scene.buyer.present(purchase));
}

async function hold<T>(work: (letGo: () => void) => Promise<T>): Promise<T> {
  const { goods } = scene.world;
  let letGo = (): void => {};
  goods.hold = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  try {
    return await work(letGo);
  } finally {
    letGo();
  }
}

describe('a client that has paid, and', () => {
  it.each(names)('ends its side after the request (FIN), on a %s route', async (route) => {
    const purchase = await scene.buy(route);
    const { socket, read } = await open(purchase);
    await hold(async (letGo) => {
      socket.end(bytesOf(purchase), 'latin1');
      await until(
        'the upstream works, or the gateway has ended its side too',
        () => socket.readableEnded || scene.world.goods.hitsOf(purchase.path).length > 0,
      );
      letGo();
      if (!socket.readableEnded) await once(socket, 'end');
    });
    socket.destroy();
    // Whoever ends its side may be taken for gone; then nothing is used up.
    if (read() === '') await presentUntilTold(purchase);
    else if (statusOf(read()) === 200 && read().includes(goodsFor(purchase.path))) purchase.served++;
    expect(purchase.served).toBe(1);
  });

  it.each(names)('breaks off while the upstream works (RST), on a %s route', async (route) => {
    const purchase = await scene.buy(route);
    const { socket } = await open(purchase);
    await hold(async () => {
      socket.write(bytesOf(purchase), 'latin1');
      await until('the upstream works', () => scene.world.goods.hitsOf(purchase.path).length > 0);
      socket.resetAndDestroy();
    });
    await presentUntilTold(purchase);
    expect(purchase.served).toBe(1);
  });

  it.each(['idempotent', 'once'] as const)(
    'breaks off within its body (RST), on a %s route',
    async (route) => {
      const purchase = await scene.buy(route);
      const { socket } = await open(purchase);
      const bytes = bytesOf(purchase);
      await new Promise<void>((resolve) => socket.write(bytes.slice(0, -3), 'latin1', () => resolve()));
      socket.resetAndDestroy();
      await presentUntilTold(purchase);
      expect(purchase.served).toBe(1);
      expect(scene.world.goods.hitsOf(purchase.path)).toHaveLength(1);
    },
  );

  it('breaks off within the answer (RST) again and again: gets it again as often as is promised', async () => {
    const purchase = await scene.buy('stream');
    for (let turn = 0; turn <= redeliveriesMax; turn++) {
      wire.fault = { kind: 'stall', afterBytes: headBytes };
      const { socket, read } = await open(purchase);
      socket.write(bytesOf(purchase), 'latin1');
      await until('the answer has begun', () => read().includes('"goods"'));
      expect(statusOf(read())).toBe(200);
      socket.resetAndDestroy();
      // Only then the rest may come: an answer that is whole before the gateway sees the reset has left.
      await until('the gateway has noted that it was cut', async () => (await claimOf(purchase)) === 'cut');
      wire.mend();
    }
    const answer = await until('an answer from a node that is not too busy', async () => {
      const { socket, read } = await open(purchase);
      socket.write(bytesOf(purchase), 'latin1');
      if (!socket.readableEnded) await once(socket, 'end');
      socket.destroy();
      return isNodeLate(statusOf(read()), read()) ? undefined : read();
    });
    expect(statusOf(answer)).toBe(402);
    // As far as the promise goes, it has been served.
    purchase.served++;
    expect(answer).not.toContain(goodsFor(purchase.path));
  });

  it('goes on beside hundreds that send next to nothing', async () => {
    const idle = await scene.buy('idempotent');
    const sockets = await openSockets(Number(new URL(scene.world.url).port), lorisCount);
    const bytes = bytesOf(idle);
    const [head = ''] = bytes.split('\r\n\r\n');
    sockets.forEach((socket, at) => {
      socket.on('error', () => undefined);
      // Half of them stop in their header section, half in their body, with a credential that is good.
      socket.write(at % 2 === 0 ? head.slice(0, -5) : bytes.slice(0, -3), 'latin1');
    });
    await scene.served(others);
    expect(scene.world.goods.hitsOf(idle.path)).toEqual([]);
    await presentUntilTold(idle);
    expect(idle.served).toBe(1);
    for (const socket of sockets) socket.resetAndDestroy();
  });

  it('has lost nothing and doubled nothing', async () => {
    const report = await scene.audit();
    expect(report.violations).toEqual([]);
    expect(report.lost).toBe(0);
  });
});

async function claimOf({ challenge }: Purchase): Promise<string | undefined> {
  const reader = await scene.world.openReader();
  try {
    return (await reader.claim(challenge.id))?.claim.state;
  } finally {
    await reader.close();
  }
}
