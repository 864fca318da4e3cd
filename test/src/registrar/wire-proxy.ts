import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value …, as they were written. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * What happens to a request that carries a payment. `redirect` and `page`: it is taken for a web form and never reaches the
 * registrar. `lose-type`: it reaches it without its Content-Type. `answer-page`: it is carried out, and a page comes back.
 * `lose-answer`: it is carried out, and the connection breaks. `hold`: it is carried out, and nobody is told.
 */
export type Trouble = 'none' | 'redirect' | 'page' | 'lose-type' | 'answer-page' | 'lose-answer' | 'hold';

/** What stands between a buyer and the registrar: it writes down what it sees, and does what such things do. */
export class WireProxy {
  readonly seen: WireRequest[] = [];
  trouble: Trouble = 'none';
  url = '';
  readonly #target: string;
  #server: Server | undefined;

  constructor(target: string) {
    this.#target = target;
  }

  async listen(): Promise<this> {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const { method = '', url = '', rawHeaders, headers } = incoming;
        const seen = { method, url, rawHeaders, headers, body: Buffer.concat(chunks) };
        this.seen.push(seen);
        this.#handle(seen, response);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Forgets what was seen and lets everything through. */
  reset(): void {
    this.seen.length = 0;
    this.trouble = 'none';
  }

  /** The requests that carried a payment. */
  get paid(): readonly WireRequest[] {
    return this.seen.filter(({ headers }) => /^payment /i.test(headers.authorization ?? ''));
  }

  #handle(seen: WireRequest, response: ServerResponse): void {
    const trouble = this.paid.includes(seen) ? this.trouble : 'none';
    if (trouble === 'redirect') return void response.writeHead(302, { location: '/search' }).end();
    if (trouble === 'page') return void page(response);
    const dropped = trouble === 'lose-type' ? ['content-type'] : [];
    const forwarded = httpRequest(
      `${this.#target}${seen.url}`,
      { method: seen.method, headers: without(seen.rawHeaders, ['host', 'connection', ...dropped]) },
      (answer) => {
        if (trouble === 'answer-page') return void answer.resume().on('end', () => page(response));
        if (trouble === 'hold') return void answer.resume();
        if (trouble === 'lose-answer') return void answer.resume().on('end', () => response.destroy());
        response.writeHead(
          answer.statusCode ?? 502,
          without(answer.rawHeaders, ['connection', 'keep-alive']),
        );
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    forwarded.end(seen.body);
  }
}

function page(response: ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<!doctype html><title>Search</title>');
}

/** Header fields by name, each with all its values. */
function without(raw: readonly string[], names: readonly string[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = raw.slice(at, at + 2);
    if (!names.includes(name.toLowerCase())) fields[name] = [...(fields[name] ?? []), value];
  }
  return fields;
}
