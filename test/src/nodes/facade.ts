import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '@farebox/protocol';

/** A request as a facade's handler sees it. */
export interface FacadeRequest {
  readonly method: string;
  /** Decoded by nobody: as it stands in the request line, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lowercase names. */
  readonly headers: IncomingMessage['headers'];
  /** The body as text. */
  readonly text: string;
  /** The body as JSON, undefined where it is none. */
  readonly json: JsonValue | undefined;
  /** The body as a form. */
  readonly form: URLSearchParams;
  /** Aborted when the client hangs up. */
  readonly gone: AbortSignal;
}

/** What a handler answers: JSON, a text, or JSON values one a line as they come. */
export type FacadeReply =
  | { readonly status?: number; readonly json: JsonValue }
  | { readonly status?: number; readonly text: string; readonly type?: string }
  | { readonly lines: AsyncIterable<JsonValue> };

/** A server on loopback that speaks a node's HTTP interface. */
export interface Facade {
  readonly port: number;
  close(): Promise<void>;
}

const bodyBytesMax = 1_048_576;

/**
 * Serves a node's HTTP interface as we read it in the node's documentation, backed by real nodes of the devnet. It
 * is our reading, not the node: tests that use it have `facade` in their names.
 */
export async function serveFacade(
  handle: (request: FacadeRequest) => Promise<FacadeReply>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Facade> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(handle, request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A listening TCP server has an AddressInfo; strings are for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handle: (request: FacadeRequest) => Promise<FacadeReply>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const text = await readBody(request);
  const url = new URL(request.url ?? '/', 'http://facade');
  const reply = await handle({
    method: request.method ?? '',
    path: (request.url ?? '/').replace(/\?.*$/s, ''),
    query: url.searchParams,
    headers: request.headers,
    text,
    json: parse(text),
    form: new URLSearchParams(text),
    gone: gone.signal,
  });
  if ('lines' in reply) {
    response.setHeader('Content-Type', 'application/json');
    for await (const line of reply.lines) {
      if (response.destroyed) break;
      response.write(`${JSON.stringify(line)}\n`);
    }
    response.end();
    return;
  }
  const [type, body] =
    'json' in reply
      ? ['application/json', JSON.stringify(reply.json)]
      : [reply.type ?? 'text/plain', reply.text];
  response.writeHead(reply.status ?? 200, { 'Content-Type': type });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    // Without setEncoding a request yields buffers.
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new Error('The body is too long.');
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
