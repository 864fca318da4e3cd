import type { ServerResponse } from 'node:http';
import type { Shop } from './shop.js';

/** What a handler does that writes to a `ServerResponse` itself. */
export type Work = (response: ServerResponse, shop: Shop) => unknown;

/** Handlers that fail once they have begun to answer, or think better of it; the first three only while the shop fails. */
export const lateFailures: Readonly<Record<string, Work>> = {
  '/v1/writes-and-throws'(response, shop) {
    response.write('half ');
    shop.failIfFailing();
    response.end('and half');
  },
  async '/v1/writes-and-rejects'(response, shop) {
    response.write('half ');
    await null;
    shop.failIfFailing();
    response.end('and half');
  },
  '/v1/flushes-and-throws'(response, shop) {
    response.writeHead(200);
    response.flushHeaders();
    shop.failIfFailing();
    response.end('half and half');
  },
  '/v1/ends-and-throws'(response, shop) {
    response.end('fine');
    shop.fail();
  },
  async '/v1/ends-and-rejects'(response, shop) {
    response.end('fine');
    await null;
    shop.fail();
  },
  '/v1/ends-and-destroys'(response, shop) {
    response.end('fine');
    if (shop.failing) response.destroy();
  },
  '/v1/asks-for-the-head'(response) {
    // As compression and express-session do: they listen to `writeHead`, and bring it about before each write.
    const { writeHead } = response;
    let heard = false;
    Reflect.set(response, 'writeHead', (...args: unknown[]): unknown => {
      if (!heard) response.setHeader('X-Heard', '1');
      heard = true;
      return Reflect.apply(writeHead, response, args);
    });
    for (const text of ['one ', 'two']) {
      const implied: unknown = Reflect.get(response, '_implicitHeader');
      if (typeof implied !== 'function') throw new TypeError('node has another way now');
      Reflect.apply(implied, response, []);
      response.write(text);
    }
    response.end();
  },
  '/v1/ends-twice'(response) {
    response.end('fine');
    response.write('more');
    response.end('again');
  },
  '/v1/thinks-better'(response) {
    response.write('part ');
    response.statusCode = 500;
    response.end('rest');
  },
  async '/v1/looks-first'(response, shop) {
    try {
      response.write('part ');
      await null;
      shop.fail();
    } catch {
      if (!response.headersSent) response.writeHead(500);
      response.end('sorry');
    }
  },
  '/v1/sets-too-late'(response) {
    response.writeHead(200, { 'X-A': '1' });
    const codes: unknown[] = [];
    for (const late of [
      () => response.setHeader('X-A', '2'),
      () => response.appendHeader('X-A', '2'),
      () => response.removeHeader('X-A'),
      () => response.writeHead(500),
    ]) {
      try {
        late();
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error && error.code);
      }
    }
    response.end(codes.join());
  },
  '/v1/forges'(response) {
    response.setHeader('Payment-Receipt', 'forged');
    response.statusCode = 404;
    response.end('none');
  },
};
