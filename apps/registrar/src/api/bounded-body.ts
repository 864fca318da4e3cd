import { ByteGatherer } from '@farebox/gate';
import type { MiddlewareHandler } from 'hono';
import type { ApiContext, Env } from './context.js';

/**
 * Bounds the body of a request before anything reads it. One without `Content-Length` and `Transfer-Encoding` has none
 * (RFC 9112 §6.3), as `curl -X POST` sends it; one of unknown length is read here, no further than the bound.
 *
 * @param bytesMax largest body
 * @param tooLarge answers a larger one
 */
export function boundBody(bytesMax: number, tooLarge: (c: ApiContext) => Response): MiddlewareHandler<Env> {
  return async function bound(c, next) {
    const { 'content-length': length, 'transfer-encoding': coding } = c.env.incoming.headers;
    if (coding === undefined) return Number(length ?? 0) > bytesMax ? tooLarge(c) : next();
    const body = await readBounded(c.req.raw.body, bytesMax);
    if (body === undefined) return tooLarge(c);
    const { method, url, raw } = c.req;
    c.req.raw = new Request(url, { method, headers: raw.headers, body });
    return next();
  };
}

/** The whole of a stream; undefined when it is longer than the bound. */
async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const gathered = new ByteGatherer(bytesMax);
  for await (const chunk of stream ?? []) {
    if (gathered.length + chunk.length > bytesMax) return undefined;
    gathered.add(chunk);
  }
  return Uint8Array.from(gathered.whole());
}
