import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { once as onceTerms, openRig, type Rig, safe } from '../testing/rig.js';
import { Client, type Reply } from './testing/client.js';
import { listening } from './testing/listen.js';
import { expressSeller, fastifySeller, nodeSeller } from './testing/node-sellers.js';
import { type Seller, type Selling, Shop } from './testing/shop.js';
import { fetchSeller, honoSeller } from './testing/web-sellers.js';

let rig: Rig;
let shop: Shop;
let selling: Selling;
let client: Client;
const warnings: Error[] = [];
/** Of the shop's handlers: the process has other warnings too, once each. */
const hear = (warning: Error) => {
  if (warning.message === 'secret-of-the-handler') warnings.push(warning);
};
async function open(seller: Seller): Promise<void> {
  shop = new Shop();
  selling = await seller.open(rig.gate, shop);
  client = new Client(rig, selling);
}
beforeEach(async () => {
  process.on('warning', hear);
  rig = await openRig();
  rig.clock.nowMs = Date.now();
});
afterEach(async () => {
  await selling.close();
  await rig.close();
  process.off('warning', hear);
  warnings.length = 0;
});

const states = async () =>
  Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));
const becomes = (wanted: Record<string, number>) => expect.poll(states, { timeout: 30_000 }).toEqual(wanted);

/** Whether an answer came whole; one that was cut may have had its header section or not. */
async function whole(answer: Promise<Reply>): Promise<boolean> {
  return answer.then(
    () => true,
    () => false,
  );
}

async function isCutAndGivenAgain(path: string): Promise<void> {
  shop.failing = true;
  const paid = await client.payFor({ path });
  expect(await whole(client.ask(paid))).toBe(false);
  await becomes({ cut: 1 });
  shop.failing = false;
  const again = await client.ask(paid);
  expect(again).toMatchObject({ status: 200, body: 'half and half' });
  expect(again.headers['payment-receipt']).toBeDefined();
  await becomes({ answered: 1 });
}

// What a handler does wrong once its answer has begun, as node itself would let it leave; but for the money.
describe.each([nodeSeller, expressSeller, fastifySeller, fetchSeller, honoSeller])(
  'sold with $name',
  (seller) => {
    beforeEach(() => open(seller));

    it('an answer that its handler breaks off is cut, and given again', () =>
      isCutAndGivenAgain('/v1/breaks-off'));

    it('a receipt that is not ours does not leave', async () => {
      const answer = await client.ask(await client.payFor({ path: '/v1/forges' }));
      expect(answer).toMatchObject({ status: 404, body: 'none' });
      expect(answer.headers['payment-receipt']).toBeUndefined();
      await becomes({ released: 1 });
    });
  },
);

describe.each([nodeSeller, expressSeller, fastifySeller])('sold with $name', (seller) => {
  beforeEach(() => open(seller));

  it.each(['/v1/writes-and-throws', '/v1/writes-and-rejects', '/v1/flushes-and-throws'])(
    '%s is cut, never a 500 with a receipt, and given again',
    isCutAndGivenAgain,
  );

  it.each(['/v1/ends-and-throws', '/v1/ends-and-rejects', '/v1/ends-twice'])(
    '%s: an answer that was whole leaves as it is',
    async (path) => {
      const answer = await client.ask(await client.payFor({ path }));
      expect(answer).toMatchObject({ status: 200, body: 'fine' });
      expect(answer.headers['payment-receipt']).toBeDefined();
      await becomes({ answered: 1 });
      expect((await client.ask({ path })).status).toBe(402);
    },
  );

  it('an answer that is ended and destroyed has not left: it is given again', async () => {
    shop.failing = true;
    const paid = await client.payFor({ path: '/v1/ends-and-destroys' });
    expect(await whole(client.ask(paid))).toBe(false);
    await becomes({ cut: 1 });
    shop.failing = false;
    expect(await client.ask(paid)).toMatchObject({ status: 200, body: 'fine' });
    await becomes({ answered: 1 });
  });

  it('middleware may ask for the header section as often as it likes', async () => {
    const answer = await client.ask(await client.payFor({ path: '/v1/asks-for-the-head' }));
    expect(answer).toMatchObject({ status: 200, body: 'one two' });
    expect(answer.headers['x-heard']).toBe('1');
    await becomes({ answered: 1 });
  });

  it('what stands when the answer begins, stands', async () => {
    const minded = await client.ask(await client.payFor({ path: '/v1/thinks-better' }));
    expect(minded).toMatchObject({ status: 200, body: 'part rest' });
    const looked = await client.ask(await client.payFor({ path: '/v1/looks-first' }));
    expect(looked).toMatchObject({ status: 200, body: 'part sorry' });
    const late = await client.ask(await client.payFor({ path: '/v1/sets-too-late' }));
    expect(late).toMatchObject({ status: 200, body: Array(4).fill('ERR_HTTP_HEADERS_SENT').join() });
    expect(late.headers['x-a']).toBe('1');
    for (const { headers } of [minded, looked, late]) expect(headers['payment-receipt']).toBeDefined();
    await becomes({ answered: 3 });
  });
});

describe('gate.protect', () => {
  it('reports what a listener throws as a warning, and goes on', async () => {
    await open(nodeSeller);
    for (const path of ['/v1/throws-bare', '/v1/rejects-bare']) {
      const answer = await client.ask(await client.payFor({ path }));
      expect(answer).toMatchObject({ status: 500 });
      expect(answer.headers['x-a']).toBeUndefined();
      expect(answer.headers['payment-receipt']).toBeUndefined();
      expect(answer.body).not.toContain('secret-of-the-handler');
    }
    await becomes({ released: 2 });
    await client.ask(await client.payFor({ path: '/v1/ends-and-rejects' }));
    await expect.poll(() => warnings.length, { timeout: 30_000 }).toBe(3);
  });
});

describe('a refusal at the commit', () => {
  it.each(['pipe', 'pipeline'])('ends what was coming through a %s', async (way) => {
    const sources: Readable[] = [];
    const listener = (_request: unknown, response: ServerResponse) => {
      const source = Readable.from(endless());
      sources.push(source);
      if (way === 'pipe') source.pipe(response);
      else pipeline(source, response, () => {});
    };
    selling = await listening(createServer(rig.gate.protect(safe, listener)));
    client = new Client(rig, selling);
    const paid = await client.payFor({ path: '/v1/joke' });
    await rig.ledger.close();
    expect(JSON.parse((await client.ask(paid)).body)).toMatchObject({
      status: 500,
      retry: 'same-credential',
    });
    await expect.poll(() => sources.map(({ destroyed }) => destroyed), { timeout: 30_000 }).toEqual([true]);
  });

  it('comes also where a listener to the events of the gate throws', async () => {
    const gate = rig.again({
      onEvent: () => {
        throw new Error('a listener that fails');
      },
    });
    selling = await listening(createServer(gate.protect(safe, (_request, response) => response.end('fine'))));
    client = new Client(rig, selling);
    const paid = await client.payFor({ path: '/v1/joke' });
    await rig.ledger.close();
    expect(JSON.parse((await client.ask(paid)).body)).toMatchObject({
      status: 500,
      retry: 'same-credential',
    });
  });
});

describe('a once route', () => {
  it.each([
    ['written to', false, { unknown: 1 }],
    ['ended', true, { answered: 1 }],
  ])('whose handler throws when its answer was %s is not called again', async (_said, ends, wanted) => {
    let calls = 0;
    const listener = (_request: unknown, response: ServerResponse) => {
      calls++;
      if (ends) response.end('made');
      else response.write('ma');
      throw new Error('too late');
    };
    selling = await listening(createServer(rig.gate.protect(onceTerms, listener)));
    client = new Client(rig, selling);
    const paid = await client.payFor({ method: 'POST', path: '/v1/orders' });
    expect(await whole(client.ask(paid))).toBe(ends);
    await becomes(wanted);
    expect((await client.ask(paid)).status).toBe(ends ? 402 : 409);
    expect(calls).toBe(1);
  });
});

// docs/library.md: whose client has left it may finish; nobody knows what one has done that does not.
describe('a once handler whose client has left', () => {
  const fails = (response: ServerResponse): never => {
    response.statusCode = 500;
    throw new Error('too late');
  };
  it.each<[string, (response: ServerResponse) => void, Record<string, number>]>([
    ['throws', fails, { unknown: 1 }],
    ['writes and throws', (response) => response.write('ma') && fails(response), { unknown: 1 }],
    ['destroys its answer', (response) => response.destroy(), { unknown: 1 }],
    ['writes in pieces', (response) => response.write('ma') && response.end('de'), { cut: 1 }],
    ['writes what is not kept', (response) => response.end(Buffer.alloc(2_000_000)), { cut: 1 }],
    ['has nothing', (response) => response.writeHead(404).end('none'), { released: 1 }],
  ])('and who %s', async (_said, finish, wanted) => {
    let call = () => {};
    const called = new Promise<void>((resolve) => {
      call = resolve;
    });
    let calls = 0;
    const listener = async (_request: unknown, response: ServerResponse) => {
      calls++;
      const closed = once(response, 'close');
      call();
      await closed;
      finish(response);
    };
    selling = await listening(createServer(rig.gate.protect(onceTerms, listener)));
    client = new Client(rig, selling);
    const paid = await client.payFor({ method: 'POST', path: '/v1/orders' });
    await client.leave(paid, called);
    await becomes(wanted);
    expect(calls).toBe(1);
  });

  it('and who had not waited for an earlier answer', async () => {
    shop = new Shop();
    const { called, letGo } = shop.hold();
    const sold = rig.gate.protect(onceTerms, async (_request, response) => response.end(await shop.slow()));
    const server = createServer((request, response) => {
      if (request.url !== '/first') sold(request, response);
    });
    selling = await listening(server);
    client = new Client(rig, selling);
    const { credential = '', path } = await client.payFor({ method: 'POST', path: '/v1/orders' });
    const { port } = server.address() as AddressInfo; // a TCP server that listens
    const accepted = once(server, 'connection');
    const socket = connect(port, '127.0.0.1');
    const [theirs]: Socket[] = await accepted;
    const fields = `Host: shop\r\nAuthorization: ${credential}\r\nContent-Length: 0\r\n\r\n`;
    socket.write(`GET /first HTTP/1.1\r\nHost: shop\r\n\r\nPOST ${path} HTTP/1.1\r\n${fields}`);
    await called;
    const closed = new Promise((resolve) => theirs?.once('close', resolve));
    socket.destroy();
    await closed;
    letGo();
    await becomes({ cut: 1 });
  });
});

describe('an answer that the ledger refuses', () => {
  it('is replaced whole, whatever its handler goes on to write', async () => {
    let told: unknown;
    const listener = async (_request: unknown, response: ServerResponse) => {
      await rig.ledger.close();
      response.setHeader('Content-Encoding', 'gzip');
      response.write('one ');
      await once(response, 'close');
      response.write('two ', (error) => {
        told = error;
      });
      response.end('three');
    };
    selling = await listening(createServer(rig.gate.protect(safe, listener)));
    client = new Client(rig, selling);
    const answer = await client.ask(await client.payFor({ path: '/v1/joke' }));
    expect(answer.status).toBe(500);
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(answer.body)).toMatchObject({ retry: 'same-credential' });
    await expect.poll(() => told, { timeout: 30_000 }).toBeInstanceOf(Error);
  });
});

function* endless(): Generator<string> {
  for (;;) yield 'more of it, ';
}
