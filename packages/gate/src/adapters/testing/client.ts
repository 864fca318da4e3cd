import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { parseChallenges } from '@farebox/protocol';
import { paidCredential, type Rig } from '../../testing/rig.js';
import type { Selling } from './shop.js';

/** A whole answer. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is asked for. */
export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly credential?: string;
}

/** A client of a seller of the conformance tests. */
export class Client {
  readonly #rig: Rig;
  readonly #selling: Selling;

  constructor(rig: Rig, selling: Selling) {
    this.#rig = rig;
    this.#selling = selling;
  }

  /** Sends a request on a connection of its own. */
  open({ method = 'GET', path, body, headers = {}, credential }: Ask): ClientRequest {
    const { port } = this.#selling.server.address() as AddressInfo; // a TCP server that listens
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, ...(credential === undefined ? {} : { authorization: credential }) },
      agent: false,
    });
    request.on('error', () => {});
    request.end(body);
    return request;
  }

  /** The answer as soon as its header section is here. */
  async begin(what: Ask): Promise<IncomingMessage> {
    const [response]: IncomingMessage[] = await once(this.open(what), 'response');
    if (response === undefined) throw new Error('no response');
    return response;
  }

  async ask(what: Ask): Promise<Reply> {
    const response = await this.begin(what);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString(),
    };
  }

  /** Asks, pays the challenge, and returns the request with its credential. */
  async payFor(what: Ask): Promise<Ask> {
    const { headers } = await this.ask(what);
    const [challenge] = parseChallenges(headers['www-authenticate'] ?? '').challenges;
    if (challenge === undefined) throw new Error(`no challenge for ${what.path}`);
    return { ...what, credential: await paidCredential(this.#rig, challenge) };
  }

  /** Leaves while the answer is being made, once `called` says that it is; and waits until the server has heard of it. */
  async leave(what: Ask, called: Promise<void>): Promise<void> {
    const connected = once(this.#selling.server, 'connection');
    const request = this.open(what);
    const [socket]: Socket[] = await connected;
    await called;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    request.destroy();
    await closed;
  }

  /** The first line of the answer to a POST that announces a body and never sends it. */
  async announce(path: string, bytes: number): Promise<string> {
    const { port } = this.#selling.server.address() as AddressInfo; // a TCP server that listens
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: shop\r\nContent-Length: ${bytes}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer).split('\r\n', 1)[0] ?? '';
  }
}
