import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a large answer holds. */
export const largeBytes = 1024 * 1024;
/** What a huge one holds: more than the sockets on its way take in. */
export const hugeBytes = 16 * 1024 * 1024;
const block = Buffer.alloc(64 * 1024, 'large');

/** An upstream for loads: event streams that are told what to say, echoes, large answers, failures. */
export class LoadUpstream {
  url = '';
  readonly streams = new Set<ServerResponse>();
  /** Requests for what is sold. The gateway is the only one who may ask, for those who have paid. */
  sold = 0;
  /** The next so many requests for `/paid/failing` fail. */
  failing = 0;
  readonly #server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/paid/')) this.sold += 1;
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    if (path.includes('/stream')) this.#stream(response);
    else if (path.includes('/large')) this.#fill(response, largeBytes);
    else if (path.includes('/huge')) this.#fill(response, hugeBytes);
    else if (path.includes('/short'))
      response.setHeader('Content-Type', 'text/event-stream').end('data: 1\n\n');
    else if (path.includes('/failing') && this.failing > 0) {
      this.failing -= 1;
      request.socket.destroy();
    } else if (request.method === 'POST') request.pipe(response);
    else response.end('served');
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an AddressInfo.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Says something on every stream. */
  say(text: string): void {
    for (const stream of this.streams) stream.write(`data: ${text}\n\n`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: begun\n\n');
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }

  #fill(response: ServerResponse, bytes: number): void {
    response.writeHead(200, { 'Content-Length': bytes });
    let left = bytes;
    const more = (): void => {
      while (left > 0) {
        left -= block.length;
        if (!response.write(block)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  }
}
