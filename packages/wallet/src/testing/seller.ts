import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ChargeNetwork, writeChargeRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import {
  type Challenge,
  type Credential,
  encodeRequest,
  type JsonObject,
  parseCredential,
  serializeChallenge,
  serializeReceipt,
} from '@farebox/protocol';

/** One request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly credential: Credential | undefined;
}

/** What a behaviour can do with one request. */
export interface Turn {
  readonly seen: Seen;
  readonly response: ServerResponse;
  readonly seller: Seller;
}

/** A seller on loopback with a paper node. What it does is up to the test; what it saw and was paid is on record. */
export class Seller {
  readonly node = new PaperNode();
  readonly seen: Seen[] = [];
  url = '';
  #server: Server | undefined;
  #next = 0;
  #behave: (turn: Turn) => void | Promise<void>;

  constructor(behave: (turn: Turn) => void | Promise<void> = honest) {
    this.#behave = behave;
  }

  behave(behave: (turn: Turn) => void | Promise<void>): void {
    this.#behave = behave;
  }

  async listen(): Promise<this> {
    const server = createServer((request, response) => {
      // A buyer that is killed in the middle of its request is no fault of the seller's.
      this.#handle(request, response).catch((error: unknown) => {
        if (!request.destroyed || request.complete) throw error;
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** The presented credentials, in order. */
  get credentials(): readonly Credential[] {
    return this.seen.flatMap(({ credential }) => credential ?? []);
  }

  /** A challenge that is right in every point. */
  async challenge(changes: ChallengeChanges = {}): Promise<Challenge> {
    const { amountSat = 1n, invoiceSat = amountSat, lifeMs = 60_000, node = this.node } = changes;
    const created = await node.createInvoice({
      amountMsat: invoiceSat * 1000n,
      description: 'one request',
      expirySeconds: changes.invoiceSeconds ?? 120,
    });
    const { invoice, paymentHash } = created;
    const network: ChargeNetwork = 'regtest';
    const request = { ...writeChargeRequest({ amountSat, invoice, paymentHash, network }) };
    this.#next += 1;
    return {
      id: `challenge-${process.pid}-${Math.random().toString(36).slice(2)}-${this.#next}`,
      realm: this.url,
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest(changes.request?.(request) ?? request),
      expires: new Date(Date.now() + lifeMs).toISOString(),
      ...changes.members,
    };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const field = request.headers['payment-authorization'] ?? request.headers.authorization;
    const parsed = typeof field === 'string' ? parseCredential(field) : undefined;
    const seen: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString(),
      credential: parsed?.ok ? parsed.value : undefined,
    };
    this.seen.push(seen);
    await this.#behave({ seen, response, seller: this });
  }
}

/** How a challenge departs from the honest one. */
export interface ChallengeChanges {
  readonly amountSat?: bigint;
  /** What the invoice is really for. */
  readonly invoiceSat?: bigint;
  readonly lifeMs?: number;
  readonly invoiceSeconds?: number;
  /** Whose invoice. */
  readonly node?: PaperNode;
  readonly request?: (request: JsonObject) => JsonObject;
  readonly members?: Partial<Challenge>;
}

/** Answers 402 with challenges. */
export function ask(response: ServerResponse, ...challenges: readonly (Challenge | string)[]): void {
  const values = challenges.map((one) => (typeof one === 'string' ? one : serializeChallenge(one)));
  response.writeHead(402, { 'www-authenticate': values, 'cache-control': 'no-store' });
  response.end(
    '{"type":"https://paymentauth.org/problems/payment-required","title":"Payment Required","status":402}',
  );
}

/** The receipt of a credential, as an honest seller writes it. */
export function receiptOf(credential: Credential, reference: string): string {
  return serializeReceipt({
    status: 'success',
    method: 'lightning',
    timestamp: new Date().toISOString(),
    reference,
    challengeId: credential.challenge.id,
  });
}

/** Asks for one satoshi, then delivers against any credential. */
export async function honest({ seen, response, seller }: Turn): Promise<void> {
  if (seen.credential === undefined) return ask(response, await seller.challenge());
  deliver(response, seen.credential);
}

/** Delivers. */
export function deliver(response: ServerResponse, credential: Credential): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'payment-receipt': receiptOf(credential, hashOf(credential)),
  });
  response.end('{"rate":1}');
}

/** The payment hash that a credential's challenge names. */
export function hashOf(credential: Credential): string {
  const request: unknown = JSON.parse(Buffer.from(credential.challenge.request, 'base64url').toString());
  const hash = /"paymentHash":"([0-9a-f]{64})"/.exec(JSON.stringify(request))?.[1];
  if (hash === undefined) throw new Error('the challenge names no payment hash');
  return hash;
}
