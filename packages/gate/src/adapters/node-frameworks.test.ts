import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Terms } from '../index.js';
import { once, openRig, type Rig, safe } from '../testing/rig.js';
import { sell as sellInExpress } from './express.js';
import { sell as sellInFastify } from './fastify.js';
import { type Ask, Client } from './testing/client.js';
import { listening } from './testing/listen.js';
import type { Selling } from './testing/shop.js';

let rig: Rig;
let selling: Selling;
let client: Client;
beforeEach(async () => {
  rig = await openRig();
  rig.clock.nowMs = Date.now();
});
afterEach(async () => {
  await selling.close();
  await rig.close();
});

const states = async () =>
  Object.fromEntries((await rig.ledger.totals()).map(({ state, count }) => [state, count]));
const becomes = (wanted: Record<string, number>) => expect.poll(states, { timeout: 30_000 }).toEqual(wanted);
const json = { 'content-type': 'application/json' };

describe('express', () => {
  async function serve(build: (app: express.Express) => void): Promise<void> {
    const app = express();
    app.set('env', 'test');
    build(app);
    selling = await listening(createServer(app));
    client = new Client(rig, selling);
  }

  it('explains that a body parser before it took the bytes away, and charges nobody', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    await serve((app) => {
      app.use(express.json());
      app.post('/v1/orders', sellInExpress(rig.gate, once), () => calls++);
      const tell: express.ErrorRequestHandler = (error, _request, response, _next) => {
        errors.push(error);
        response.status(500).send('misconfigured');
      };
      app.use(tell);
    });
    const answer = await client.ask({ method: 'POST', path: '/v1/orders', body: '{"n":1}', headers: json });
    expect(answer.status).toBe(500);
    expect(errors).toMatchObject([{ message: expect.stringContaining('put sell(…) before express.json()') }]);
    // What it has not read is no fault: there is nothing to bind, or the bytes are still there.
    expect((await client.ask({ method: 'POST', path: '/v1/orders' })).status).toBe(402);
    const text = { 'content-type': 'text/plain' };
    expect((await client.ask({ method: 'POST', path: '/v1/orders', body: 'x', headers: text })).status).toBe(
      402,
    );
    expect(calls).toBe(0);
  });

  it('asks nobody to pay for JSON that is none, and gives a body that it does not know as it came', async () => {
    const bodies: unknown[] = [];
    await serve((app) => {
      app.post(
        '/v1/orders',
        sellInExpress(rig.gate, safe),
        express.json(),
        express.urlencoded(),
        (request, response) => {
          bodies.push(request.body);
          response.json({});
        },
      );
    });
    const order: Ask = { method: 'POST', path: '/v1/orders', headers: json };
    expect((await client.ask({ ...order, body: '{"n":' })).status).toBe(400);
    const forms = [
      {
        ...order,
        body: '{"__proto__":{"x":1},"n":[1]}',
        headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      },
      { ...order, body: 'a=1&b=2', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { ...order, body: 'zip', headers: { ...json, 'content-encoding': 'gzip' } },
    ];
    for (const each of forms) expect((await client.ask(await client.payFor(each))).status).toBe(200);
    expect(bodies).toEqual([
      JSON.parse('{"__proto__":{"x":1},"n":[1]}'),
      Buffer.from('a=1&b=2'),
      Buffer.from('zip'),
    ]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('sells files, ranges of them, and what is mounted; and charges nothing for what has not changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farebox-files-'));
    await writeFile(join(folder, 'book.txt'), 'x'.repeat(200_000));
    const router = express.Router();
    router.get('/book', sellInExpress(rig.gate, safe), (_request, response) => {
      response.sendFile(join(folder, 'book.txt'));
    });
    await serve((app) => app.use('/v1', router));
    const book = { path: '/v1/book' };
    const answer = await client.ask(await client.payFor(book));
    expect(answer.body.length).toBe(200_000);
    expect(answer.headers['payment-receipt']).toBeDefined();
    const range = await client.ask(await client.payFor({ ...book, headers: { range: 'bytes=0-9' } }));
    expect(range).toMatchObject({ status: 206, body: 'x'.repeat(10) });
    const known = { 'if-none-match': String(answer.headers.etag) };
    const unchanged = await client.ask(await client.payFor({ ...book, headers: known }));
    expect(unchanged.status).toBe(304);
    expect(unchanged.headers['payment-receipt']).toBeUndefined();
    await becomes({ answered: 2, released: 1 });
    await rm(folder, { recursive: true });
  });
});

describe('fastify', () => {
  async function serve(build: (app: FastifyInstance) => void): Promise<void> {
    const app = fastify();
    build(app);
    await app.listen({ port: 0, host: '127.0.0.1' });
    selling = await listening(app.server, () => app.close());
    client = new Client(rig, selling);
  }

  const schema = {
    body: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
  } as const;

  it('validates after it has been paid, and a refusal of the schema leaves a credit, once or not', async () => {
    const bodies: unknown[] = [];
    await serve((app) => {
      app.post('/v1/orders', { ...sellInFastify(rig.gate, once), schema }, async (request) => {
        bodies.push(request.body);
        return { ok: true };
      });
    });
    const order: Ask = { method: 'POST', path: '/v1/orders', body: '{"m":1}', headers: json };
    const refused = await client.ask(await client.payFor(order));
    expect(refused.status).toBe(400);
    expect(refused.headers['payment-receipt']).toBeUndefined();
    await becomes({ released: 1 });
    const paid = await client.payFor({ ...order, body: '{"n":1}' });
    expect(await client.ask(paid)).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(bodies).toEqual([{ n: 1 }]);
  });

  it('does not charge for a once handler that threw, even where every answer is charged for', async () => {
    const terms: Terms = { ...once, chargeOn: 'any-response' };
    await serve((app) => {
      app.post('/v1/breaks', sellInFastify(rig.gate, terms), async () => {
        throw new Error('broken');
      });
      app.post('/v1/refuses', sellInFastify(rig.gate, terms), async (_request, reply) =>
        reply.code(409).send('no'),
      );
    });
    const broken = await client.ask(await client.payFor({ method: 'POST', path: '/v1/breaks' }));
    expect(broken.status).toBe(500);
    await becomes({ unknown: 1 });
    const refused = await client.ask(await client.payFor({ method: 'POST', path: '/v1/refuses' }));
    expect(refused).toMatchObject({ status: 409, body: 'no' });
    expect(refused.headers['farebox-payment']).toBe('charged');
    await becomes({ unknown: 1, answered: 1 });
  });

  it("lets the app's own hooks see refusals and answers", async () => {
    await serve((app) => {
      app.addHook(
        'onRequest',
        async (_request, reply) => void reply.header('access-control-allow-origin', '*'),
      );
      app.get('/v1/joke', sellInFastify(rig.gate, safe), async () => ({ joke: 1 }));
    });
    const refused = await client.ask({ path: '/v1/joke' });
    expect(refused.status).toBe(402);
    expect(refused.headers['access-control-allow-origin']).toBe('*');
    const answer = await client.ask(await client.payFor({ path: '/v1/joke' }));
    expect(answer).toMatchObject({ status: 200, body: '{"joke":1}' });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'private' });
  });

  it('explains that another hook took the bytes away', async () => {
    const messages: string[] = [];
    await serve((app) => {
      app.addHook('preParsing', async (request, _reply, payload) => {
        for await (const _chunk of request.raw);
        return payload;
      });
      app.setErrorHandler((error: Error, _request, reply) => {
        messages.push(error.message);
        reply.code(500).send('misconfigured');
      });
      app.post('/v1/orders', sellInFastify(rig.gate, once), async () => 'never');
    });
    expect((await client.ask({ method: 'POST', path: '/v1/orders', body: '{}', headers: json })).status).toBe(
      500,
    );
    expect(messages).toEqual([expect.stringContaining('first preParsing hook')]);
  });
});

describe('a node:http listener', () => {
  it('that answers nobody, or answers what is no answer, does not end the process', async () => {
    let leave = () => {};
    const answers: (() => void)[] = [];
    selling = await listening(
      createServer(
        rig.gate.protect(safe, (_request, response) => {
          if (answers.length > 0) return void response.end(Symbol('no answer') as never);
          response.once('close', () => {
            answers.push(() => response.end('late'));
            response.write('late');
            response.end('late');
          });
          leave();
        }),
      ),
    );
    client = new Client(rig, selling);
    const paid = await client.payFor({ path: '/v1/joke' });
    await client.leave(
      paid,
      new Promise((resolve) => {
        leave = resolve;
      }),
    );
    await becomes({ released: 1 });
    answers[0]?.();
    await expect(client.ask(paid)).rejects.toThrow();
    expect((await client.ask({ path: '/v1/joke' })).status).toBe(402);
  });
});
