import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import express from 'express';
import { fastify } from 'fastify';
import type { Terms } from '../../index.js';
import { sell as sellInExpress } from '../express.js';
import { sell as sellInFastify } from '../fastify.js';
import { lateFailures } from './late-failures.js';
import { listening } from './listen.js';
import { type Seller, shopTerms } from './shop.js';

const { safe, once, idempotent } = shopTerms;

/** `gate.protect`, which all the others are measured by. */
export const nodeSeller: Seller = {
  name: 'node:http',
  seesErrors: true,
  open(gate, shop) {
    const routes: Record<string, RequestListener> = {};
    const add = (
      path: string,
      terms: Terms,
      listener: (q: IncomingMessage, r: ServerResponse) => unknown,
    ): void => {
      const guarded: RequestListener = async (request, response) => {
        try {
          await listener(request, response);
        } catch {
          response.statusCode = 500;
          response.end('sorry');
        }
      };
      routes[path] = gate.protect(terms, guarded);
    };
    const order = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(JSON.stringify(shop.order(Buffer.concat(chunks).toString())));
    };
    add('/v1/joke', safe, (_request, response) => {
      response.setHeader('Cache-Control', 'public');
      response.end(shop.joke());
    });
    add('/v1/runes', safe, (_request, response) => response.end(shop.joke()));
    add('/v1/flaky', safe, (_request, response) => {
      const { status, body } = shop.flaky();
      response.writeHead(status).end(body);
    });
    add('/v1/slow', safe, async (_request, response) => response.end(await shop.slow()));
    add('/v1/stream', safe, (_request, response) => Readable.from(shop.stream()).pipe(response));
    add('/v1/missing', safe, (_request, response) => response.writeHead(404).end('no such thing'));
    add('/v1/throws', safe, () => shop.fail());
    // Bare: what they throw is for the gate to see.
    const bare: Record<string, (r: ServerResponse) => unknown> = {
      '/v1/breaks-off': async (response) => {
        for await (const text of shop.breaksOff()) response.write(text);
        response.end();
      },
      '/v1/throws-bare': (response) => {
        response.setHeader('X-A', '1');
        shop.fail();
      },
      '/v1/rejects-bare': async () => shop.fail(),
    };
    for (const [path, work] of Object.entries(lateFailures)) bare[path] = (r) => work(r, shop);
    for (const [path, work] of Object.entries(bare)) routes[path] = gate.protect(safe, (_q, r) => work(r));
    routes['/v1/orders/throws'] = gate.protect(once, async () => shop.fail());
    add('/v1/orders', once, order);
    add('/v1/orders/slow', once, async (_request, response) => response.end(await shop.slow()));
    add('/v1/notes', idempotent, order);
    return listening(
      createServer((request, response) => {
        const path = (request.url ?? '').replace(/\?.*$/, '');
        const listener = routes[path] ?? routes['/v1/joke'];
        listener?.(request, response);
      }),
    );
  },
};

/** Express 5 with its middleware, and a body parser behind it as many apps have. */
export const expressSeller: Seller = {
  name: 'express',
  seesErrors: false,
  open(gate, shop) {
    const app = express();
    const order: express.RequestHandler = (request, response) => {
      response.json(
        shop.order(Buffer.isBuffer(request.body) ? request.body.toString() : JSON.stringify(request.body)),
      );
    };
    app.set('env', 'test');
    app.get('/v1/joke', sellInExpress(gate, safe), (_request, response) => {
      response.set('Cache-Control', 'public').send(shop.joke());
    });
    app.get('/v1/runes', sellInExpress(gate, safe), (_request, response) => void response.send(shop.joke()));
    app.get('/v1/flaky', sellInExpress(gate, safe), (_request, response) => {
      const { status, body } = shop.flaky();
      response.status(status).send(body);
    });
    app.get('/v1/slow', sellInExpress(gate, safe), async (_request, response) => {
      response.send(await shop.slow());
    });
    app.get('/v1/stream', sellInExpress(gate, safe), (_request, response) => {
      Readable.from(shop.stream()).pipe(response);
    });
    app.use('/v1/missing', sellInExpress(gate, safe));
    app.get('/v1/breaks-off', sellInExpress(gate, safe), (_request, response) => {
      pipeline(Readable.from(shop.breaksOff()), response, () => {});
    });
    for (const [path, work] of Object.entries(lateFailures))
      app.get(path, sellInExpress(gate, safe), (_request, response) => work(response, shop));
    app.get('/v1/throws', sellInExpress(gate, safe), () => shop.fail());
    app.post('/v1/orders', sellInExpress(gate, once), express.json(), order);
    app.post('/v1/orders/slow', sellInExpress(gate, once), async (_request, response) => {
      response.send(await shop.slow());
    });
    app.put('/v1/notes', sellInExpress(gate, idempotent), express.json(), order);
    // Whatever no route matches is sold too, so that odd spellings reach the gate; but for what is missing.
    app.use((request, _response, next) => next(request.originalUrl === '/v1/missing' ? 'router' : undefined));
    app.use(sellInExpress(gate, safe), (_request, response) => void response.send(shop.joke()));
    return listening(createServer(app));
  },
};

/** Fastify with its hooks. */
export const fastifySeller: Seller = {
  name: 'fastify',
  seesErrors: true,
  async open(gate, shop) {
    const app = fastify();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    const orderOf = (body: unknown) => shop.order(typeof body === 'string' ? body : JSON.stringify(body));
    app.get('/v1/joke', sellInFastify(gate, safe), async (_request, reply) => {
      reply.header('Cache-Control', 'public');
      return shop.joke();
    });
    app.get('/v1/runes', sellInFastify(gate, safe), async () => shop.joke());
    app.get('/v1/flaky', sellInFastify(gate, safe), async (_request, reply) => {
      const { status, body } = shop.flaky();
      return reply.code(status).send(body);
    });
    app.get('/v1/slow', sellInFastify(gate, safe), async () => await shop.slow());
    app.get('/v1/stream', sellInFastify(gate, safe), (_request, reply) =>
      reply.send(Readable.from(shop.stream())),
    );
    app.get('/v1/missing', sellInFastify(gate, safe), (_request, reply) => reply.callNotFound());
    app.get('/v1/breaks-off', sellInFastify(gate, safe), (_request, reply) =>
      reply.send(Readable.from(shop.breaksOff())),
    );
    for (const [path, work] of Object.entries(lateFailures))
      app.get(path, sellInFastify(gate, safe), async (_request, { raw }) => void (await work(raw, shop)));
    app.get('/v1/throws', sellInFastify(gate, safe), async () => shop.fail());
    app.post('/v1/orders', sellInFastify(gate, once), async (request) => orderOf(request.body));
    app.post('/v1/orders/throws', sellInFastify(gate, once), async () => shop.fail());
    app.post('/v1/orders/slow', sellInFastify(gate, once), async () => await shop.slow());
    app.put('/v1/notes', sellInFastify(gate, idempotent), async (request) => orderOf(request.body));
    app.all('*', sellInFastify(gate, safe), async () => shop.joke());
    await app.ready();
    await app.listen({ port: 0, host: '127.0.0.1' });
    return listening(app.server, () => app.close());
  },
};
