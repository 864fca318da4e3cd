import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is behind the gate: wherever this text appears unpaid, the gate has failed. */
export const forSale = 'this text is for sale and for nobody else';

/**
 * Reads a path as the most obliging of servers would: decodes it, drops `;parameters`, takes `\\` for `/`, joins slashes
 * and follows dots. Whatever then lies outside of the free part is sold.
 */
function isFree(url: string): boolean {
  let path = url.replace(/[?#].*$/s, '');
  for (let times = 0; times < 2; times++) {
    try {
      path = decodeURIComponent(path);
    } catch {
      // Not encoded, then: read as it stands.
    }
  }
  const plain = path
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/+/g, '/');
  return new URL(`http://upstream${plain}`).pathname.toLowerCase().startsWith('/free/');
}

/** An upstream that remembers what it should never have been asked. */
export class Upstream {
  url = '';
  /** Requests for what is sold. */
  readonly sold: string[] = [];
  /** Header fields of payment that came through. */
  readonly leaks: string[] = [];
  readonly #server = createServer((request, response) => {
    this.#note(request);
    request.on('error', () => undefined).resume();
    response.on('error', () => undefined);
    const body = isFree(request.url ?? '') ? 'free' : forSale;
    response.writeHead(200, { 'Content-Length': body.length }).end(request.method === 'HEAD' ? '' : body);
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  reset(): void {
    this.sold.length = 0;
    this.leaks.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #note({ method, url = '', rawHeaders }: IncomingMessage): void {
    if (!isFree(url)) this.sold.push(`${method} ${url}`);
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
      if (/^(payment-|x-payment)/i.test(name) || /^\s*payment\b/i.test(value))
        this.leaks.push(`${name}: ${value}`);
    }
  }
}
