import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A server on loopback. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback. */
export async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One request that the upstream was asked. */
export interface Asked {
  /** Method and target: `GET /v1/price?a=1`. */
  readonly line: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The API that is sold: it answers `{ "served": "GET /v1/price", "body": "" }` and remembers what it was asked. */
export interface Upstream extends Listening {
  readonly asked: Asked[];
  /** How many of the next requests are answered with 503. */
  failures: number;
}

/** Starts an upstream. */
export async function startUpstream(): Promise<Upstream> {
  const asked: Asked[] = [];
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const line = `${request.method} ${request.url}`;
    asked.push({ line, headers: request.headers, body });
    if (upstream.failures > 0) {
      upstream.failures -= 1;
      response.writeHead(503).end();
      return;
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ served: line, body }));
  });
  const upstream: Upstream = { ...server, asked, failures: 0 };
  return upstream;
}
