import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type LightningNode, writeChargeRequest } from '@farebox/lightning';
import { encodeRequest, parseCredential, serializeChallenge, serializeReceipt } from '@farebox/protocol';

/** A shop on loopback that sells `{"rate":1}` over the devnet. Its paths are its behaviours. */
export class Shop {
  url = '';
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  /** While true, it takes payments and then fails. */
  broken = false;
  readonly #node: LightningNode;
  #server: Server | undefined;
  #count = 0;

  constructor(node: LightningNode) {
    this.#node = node;
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => void this.#handle(request, response));
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

  /** The value of a `WWW-Authenticate` header that asks for so much, and for the credential in the field that it names. */
  async challenge(amountSat: bigint, header?: string): Promise<string> {
    const created = await this.#node.createInvoice({
      amountMsat: amountSat * 1000n,
      description: 'a rate\u001b[31m',
      expirySeconds: 120,
    });
    this.#count += 1;
    return serializeChallenge({
      id: `shop-${process.pid}-${this.#count}`,
      realm: this.url,
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest({ ...writeChargeRequest({ amountSat, ...created, network: 'regtest' }) }),
      expires: new Date(Date.now() + 100_000).toISOString(),
      ...(header !== undefined && { header }),
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const path = request.url ?? '/';
    this.asked.push(`${request.method} ${path} ${request.headers['content-type'] ?? '-'} ${body}`.trim());
    if (path === '/free')
      return void response.setHeader('content-type', 'application/json').end('{"free":true}');
    if (path === '/missing') return void response.writeHead(404).end('no such thing');
    if (path === '/moved')
      return void response.writeHead(301, { location: 'https://elsewhere.example/' }).end();
    // A key over its limit: the seller sells to whoever has none.
    if (path === '/keys' && request.headers['x-api-key'] !== undefined)
      return void response.writeHead(429, { 'www-authenticate': await this.challenge(1n) }).end();
    const credential = parseCredential(request.headers.authorization ?? '');
    if (!credential.ok) {
      const amountSat = BigInt(/^\/price\/(\d+)/.exec(path)?.[1] ?? 1);
      const named = path === '/in-authorization' ? 'Authorization' : undefined;
      response.writeHead(402, {
        'www-authenticate': await this.challenge(amountSat, named),
        'cache-control': 'no-store',
      });
      response.end();
      return;
    }
    if (path === '/hang-up') return void response.destroy();
    if (this.broken) return void response.writeHead(503).end('{"title":"Down for repair","status":503}');
    const { challenge } = credential.value;
    const reference = /"paymentHash":"([0-9a-f]{64})"/.exec(
      Buffer.from(challenge.request, 'base64url').toString(),
    )?.[1];
    const timestamp = new Date().toISOString();
    const receipt = serializeReceipt({
      status: 'success',
      method: 'lightning',
      timestamp,
      reference: reference ?? '',
      challengeId: challenge.id,
    });
    response.writeHead(200, {
      'content-type': 'application/json',
      'payment-receipt': receipt,
      'content-length': 10,
    });
    if (path === '/cut') return void response.write('{"ra', () => response.destroy());
    response.end('{"rate":1}');
  }
}
