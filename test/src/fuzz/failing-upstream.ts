import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that fails by the last part of the path, and keeps every request as it came. */
export class FailingUpstream {
  url = '';
  /** Request line and header fields of each request, a line each. */
  readonly received: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', rawHeaders } = request;
    const fields = rawHeaders.map((text, i) => (i % 2 === 0 ? `\n${text}: ` : text)).join('');
    this.received.push(`${method} ${url}${fields}`);
    request.resume();
    switch (url.split('/').at(-1)) {
      case 'closes':
        request.socket.destroy();
        return;
      case 'fails':
        response.writeHead(500, { 'X-Reason': 'none' }).end('it is broken');
        return;
      case 'refuses':
        response.writeHead(403).end('not for you');
        return;
      case 'asks-for-payment':
        response.writeHead(402, { 'WWW-Authenticate': 'Payment id="x"' }).end();
        return;
      case 'breaks-off':
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('half', () => response.destroy());
        return;
      case 'echo':
        response.end(fields);
        return;
      default:
        response.end('the goods');
    }
  }
}
