import { ByteGatherer } from '@farebox/gate';
import type { MiddlewareHandler } from 'hono';
import { AdminProblem } from './problem.js';

/** Largest body of a request to the admin API, bytes. */
export const adminBodyBytesMax = 65_536;

/**
 * Reads the body of a request whole, up to {@link adminBodyBytesMax}. An empty one is none, whatever type it is said to have.
 * (Not `bodyLimit` of hono: it makes the request anew in a way that needs the globals of whoever embeds a gateway replaced.)
 */
export const readBody: MiddlewareHandler = async (context, next) => {
  const { raw } = context.req;
  // No other method takes a body here.
  if ((raw.method !== 'POST' && raw.method !== 'PATCH') || raw.body === null) return next();
  const body = await bytesOf(raw.body);
  const headers = new Headers(raw.headers);
  if (body.length === 0) headers.delete('content-type');
  const { url, method } = raw;
  context.req.raw = new Request(url, { method, headers, body: body.length === 0 ? null : body });
  return next();
};

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const gathered = new ByteGatherer(adminBodyBytesMax);
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new AdminProblem(400, 'The body broke off; send it again.', { cause });
    });
    if (done) return gathered.whole();
    gathered.add(value);
    if (gathered.length <= adminBodyBytesMax) continue;
    await reader.cancel();
    throw new AdminProblem(413, `A body is at most ${adminBodyBytesMax} bytes; send a smaller one.`);
  }
}

/** Refuses a request without a body, where one is needed. */
export const needsBody: MiddlewareHandler = async (context, next) => {
  if (context.req.header('content-type') === undefined) throw noJson();
  await next();
};

/** What is said of a body of another type, and of none. */
export function noJson(): AdminProblem {
  return new AdminProblem(415, 'Send a body of JSON, with Content-Type: application/json.');
}
