import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { Gate } from '../../index.js';
import { protectFetch } from '../fetch.js';
import { sell } from '../hono.js';
import { listening } from './listen.js';
import { type Seller, type Shop, shopTerms } from './shop.js';

const { safe, once, idempotent } = shopTerms;

/** Plain Fetch handlers, each protected on its own, behind a router of a few lines. */
function fetchRoutes(gate: Gate, shop: Shop): Record<string, (request: Request) => Promise<Response>> {
  return {
    '/v1/joke': protectFetch(
      gate,
      safe,
      () => new Response(shop.joke(), { headers: { 'Cache-Control': 'public' } }),
    ),
    '/v1/runes': protectFetch(gate, safe, () => new Response(shop.joke())),
    '/v1/flaky': protectFetch(gate, safe, () => {
      const { status, body } = shop.flaky();
      return new Response(body, { status });
    }),
    '/v1/slow': protectFetch(gate, safe, async () => new Response(await shop.slow())),
    '/v1/stream': protectFetch(gate, safe, () => new Response(bytesOf(shop.stream()))),
    '/v1/missing': protectFetch(gate, safe, () => new Response('no such thing', { status: 404 })),
    '/v1/breaks-off': protectFetch(gate, safe, () => new Response(bytesOf(shop.breaksOff()))),
    '/v1/forges': protectFetch(
      gate,
      safe,
      () => new Response('none', { status: 404, headers: { 'Payment-Receipt': 'forged' } }),
    ),
    '/v1/throws': protectFetch(gate, safe, () => shop.fail()),
    '/v1/orders': protectFetch(gate, once, async (request) =>
      Response.json(shop.order(await request.text())),
    ),
    '/v1/orders/slow': protectFetch(gate, once, async () => new Response(await shop.slow())),
    '/v1/orders/throws': protectFetch(gate, once, () => shop.fail()),
    '/v1/notes': protectFetch(gate, idempotent, async (request) =>
      Response.json(shop.order(await request.text())),
    ),
  };
}

function bytesOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await texts.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

/** Any Fetch handler: here under the node server that Hono has. */
export const fetchSeller: Seller = {
  name: 'fetch',
  seesErrors: true,
  open(gate, shop) {
    const routes = fetchRoutes(gate, shop);
    const answer = (request: Request): Response | Promise<Response> => {
      const url = request.url.slice(request.url.indexOf('/', 8)).replace(/\?.*$/, '');
      return (routes[url] ?? routes['/v1/joke'])?.(request) ?? new Response(null, { status: 404 });
    };
    return listening(createServer(getRequestListener(answer)));
  },
};

/** Hono with its middleware. */
export const honoSeller: Seller = {
  name: 'hono',
  seesErrors: true,
  open(gate, shop) {
    const app = new Hono();
    app.onError((_error, c) => c.text('the app says sorry', 500));
    app.get('/v1/joke', sell(gate, safe), (c) => c.text(shop.joke(), 200, { 'Cache-Control': 'public' }));
    app.get('/v1/runes', sell(gate, safe), (c) => c.text(shop.joke()));
    app.get('/v1/flaky', sell(gate, safe), (c) => {
      const { status, body } = shop.flaky();
      c.status(status === 200 ? 200 : 500);
      return c.body(body);
    });
    app.get('/v1/slow', sell(gate, safe), async (c) => c.text(await shop.slow()));
    app.get('/v1/stream', sell(gate, safe), (c) =>
      stream(c, async (out) => {
        for await (const text of shop.stream()) await out.write(text);
      }),
    );
    app.use('/v1/missing', sell(gate, safe));
    app.get('/v1/breaks-off', sell(gate, safe), (c) => c.body(bytesOf(shop.breaksOff())));
    app.get('/v1/forges', sell(gate, safe), (c) => c.text('none', 404, { 'Payment-Receipt': 'forged' }));
    app.get('/v1/throws', sell(gate, safe), () => shop.fail());
    app.post('/v1/orders', sell(gate, once), async (c) => c.json(shop.order(await c.req.text())));
    app.post('/v1/orders/slow', sell(gate, once), async (c) => c.text(await shop.slow()));
    app.post('/v1/orders/throws', sell(gate, once), () => shop.fail());
    app.put('/v1/notes', sell(gate, idempotent), async (c) => c.json(shop.order(await c.req.text())));
    // Whatever no route matches is sold too, so that odd spellings reach the gate; but for what is missing.
    app.all('*', (c, next) => (c.req.path === '/v1/missing' ? Promise.resolve(c.notFound()) : next()));
    app.all('*', sell(gate, safe), (c) => c.text(shop.joke()));
    return listening(createServer(getRequestListener(app.fetch)));
  },
};
