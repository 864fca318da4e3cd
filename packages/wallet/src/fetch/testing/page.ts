import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { entryOf } from './graph.js';

/** Serves the built packages to a browser as they are, with an import map, and hears how the page fared. */
export class PageServer {
  url = '';
  /** What the page reports. */
  readonly report: Promise<unknown>;
  readonly #shop: string;
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));
  #tell: (report: unknown) => void = () => undefined;

  constructor(shop: string) {
    this.#shop = shop;
    this.report = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path === '/report') {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      response.end();
      return this.#tell(JSON.parse(text));
    }
    if (path === '/') return void response.setHeader('content-type', 'text/html').end(pageFor(this.#shop));
    const [, name = '', file = ''] = /^\/(\w+)\/([\w./-]+\.js)$/.exec(path) ?? [];
    if (!['wallet', 'protocol'].includes(name) || normalize(file) !== file || file.startsWith('..'))
      return void response.writeHead(404).end();
    response.setHeader('content-type', 'text/javascript');
    response.end(readFileSync(join(dirname(entryOf(`@farebox/${name}`)), file)));
  }
}

const script = '/wallet/fetch/testing/buy-once.js';

function pageFor(shop: string): string {
  const imports = { '@farebox/protocol': '/protocol/index.js', '@farebox/wallet': '/wallet/index.js' };
  return `<!doctype html><title>buys</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  const tell = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) });
  try {
    const { buyOnce } = await import(${JSON.stringify(script)});
    await tell(await buyOnce(${JSON.stringify(shop)}));
  } catch (error) {
    await tell({ error: String(error), cause: String(error.cause) });
  }
</script>`;
}
