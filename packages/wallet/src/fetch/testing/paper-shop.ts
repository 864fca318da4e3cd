import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCredential, serializeChallenge, serializeReceipt } from '@farebox/protocol';
import { PaperChain } from '../../testing/paper-chain.js';

/** What a page of another origin may send and read (Fetch §"CORS protocol"). */
const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers':
    'Authorization, Payment-Authorization, Accept-Payment, Idempotency-Key, Content-Type',
  'access-control-allow-methods': 'GET, POST',
  'access-control-expose-headers': 'WWW-Authenticate, Payment-Receipt',
};

/** A shop on loopback that takes signatures of a {@link PaperChain} and can be bought at from a page of another origin. */
export class PaperShop {
  url = '';
  /** Credentials that were taken, and bodies that came with them. */
  readonly sold: string[] = [];
  readonly #chain = new PaperChain();
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

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

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.method === 'OPTIONS') return void response.writeHead(204, cors).end();
    const credential = parseCredential(request.headers.authorization ?? '');
    if (!credential.ok) {
      const value = serializeChallenge(this.#chain.challenge(3n, this.url));
      return void response.writeHead(402, { ...cors, 'www-authenticate': value }).end();
    }
    const { challenge, payload } = credential.value;
    this.sold.push(`${challenge.id} ${body}`);
    const receipt = serializeReceipt({
      status: 'success',
      method: 'paper',
      timestamp: new Date().toISOString(),
      reference: `hash-of-${String(payload.signature)}`,
      challengeId: challenge.id,
    });
    response.writeHead(200, { ...cors, 'payment-receipt': receipt }).end('goods');
  }
}
