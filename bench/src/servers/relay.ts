import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

/** Fields that end at this hop, and the credential. */
const notForwarded = new Set(
  'connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade authorization host'.split(
    ' ',
  ),
);
const notReturned = new Set(
  'connection keep-alive transfer-encoding trailer upgrade proxy-connection'.split(' '),
);

/** Passes an upstream's answer on, as cheaply as undici allows. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #receipt: string | undefined;
  #left = -1;
  #resume: () => void = () => {};

  constructor(response: ServerResponse, receipt: string | undefined) {
    this.#response = response;
    this.#receipt = receipt;
  }

  onConnect(): void {}

  onError(error: Error): void {
    this.#response.destroy(error);
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    const fields: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i]?.toString('latin1') ?? '';
      const value = raw[i + 1]?.toString('latin1') ?? '';
      const lower = name.toLowerCase();
      if (notReturned.has(lower)) continue;
      if (lower === 'content-length') this.#left = Number(value);
      fields.push(name, value);
    }
    if (this.#receipt !== undefined) fields.push('Payment-Receipt', this.#receipt);
    this.#response.writeHead(status, fields);
    this.#resume = resume;
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#left >= 0) {
      this.#left -= chunk.length;
      if (this.#left === 0) {
        this.#response.end(chunk);
        return true;
      }
    }
    if (this.#response.write(chunk)) return true;
    this.#response.once('drain', this.#resume);
    return false;
  }

  onComplete(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }
}

/** Sends a GET on to the upstream and its answer back, with a receipt if there is one. */
export type Forward = (
  request: { readonly url?: string | undefined; readonly rawHeaders: readonly string[] },
  response: ServerResponse,
  receipt?: string,
) => void;

/** The bare undici dispatch proxy: what every ratio is measured against. */
export function createForward(upstreamPort: number): Forward {
  const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 256, pipelining: 1 });
  return (request, response, receipt) => {
    const { rawHeaders } = request;
    const headers: string[] = [];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? '';
      if (!notForwarded.has(name.toLowerCase())) headers.push(name, rawHeaders[i + 1] ?? '');
    }
    pool.dispatch(
      { method: 'GET', path: request.url ?? '/', headers, body: null },
      new Relay(response, receipt),
    );
  };
}

/** Listens on a free port of loopback. */
export function listenOnLoopback(listener: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 600_000 }, listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', 1_024, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port.'));
      else resolve({ port: address.port, server });
    });
  });
}
