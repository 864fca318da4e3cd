import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the upstream was asked, one request. */
export interface Hit {
  readonly method: string;
  readonly url: string;
  readonly idempotencyKey: string | undefined;
}

/** Header fields in which payment would have leaked upstream. */
const paymentFields = /^(payment-|x-payment|accept-payment$)/;

/**
 * The upstream that is sold: a real HTTP server in the process of the test, which therefore knows exactly how often
 * it was asked, whatever becomes of the gateway. `/stream/…` answers in chunks, anything else at once.
 */
export class Goods {
  readonly hits: Hit[] = [];
  /** Header fields that should never have come this far. */
  readonly leaks: string[] = [];
  /** How long it works before it answers, milliseconds. */
  workMs = 0;
  /** It answers nothing before this is over. */
  hold: Promise<void> = Promise.resolve();
  url = '';
  readonly #asked = new EventEmitter();
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  async listen(): Promise<this> {
    // Never the one to close first: a connection that goes stale would make the gateway ask twice.
    this.#server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves at the next request. */
  async nextHit(): Promise<void> {
    await once(this.#asked, 'hit');
  }

  hitsOf(path: string): readonly Hit[] {
    return this.hits.filter(({ url }) => url === path);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method = '', headers } = request;
    const key = headers['idempotency-key'];
    this.hits.push({ method, url, idempotencyKey: typeof key === 'string' ? key : undefined });
    for (const [name, value] of Object.entries(headers))
      if (paymentFields.test(name) || /^\s*payment\b/i.test(String(value))) this.leaks.push(name);
    this.#asked.emit('hit');
    response.on('error', () => undefined);
    request.on('error', () => undefined).resume();
    await this.hold;
    if (this.workMs > 0) await new Promise((resolve) => setTimeout(resolve, this.workMs));
    const body = goodsFor(url);
    response.setHeader('Content-Type', 'application/json');
    if (!url.startsWith('/stream/')) {
      response.end(body);
      return;
    }
    for (const part of body.match(/.{1,8}/gs) ?? []) {
      if (response.destroyed) return;
      response.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  }
}

/** What a path sells. */
export function goodsFor(path: string): string {
  return JSON.stringify({ goods: path, filling: 'x'.repeat(200) });
}
