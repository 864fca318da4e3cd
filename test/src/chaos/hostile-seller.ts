import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type InvoiceNode, writeChargeRequest } from '@farebox/lightning';
import {
  type Challenge,
  type Credential,
  decodeRequest,
  encodeRequest,
  parseCredential,
  serializeChallenge,
  serializeReceipt,
} from '@farebox/protocol';

/** One request, and how to answer it. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  readonly credential: Credential | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a seller claims, and what its invoice says. They need not agree. */
export interface Claim {
  readonly amountSat: bigint;
  /** What the invoice is really for. Default: what is claimed. */
  readonly invoiceSat?: bigint;
  /** Whose invoice. Default: the seller's own node's. */
  readonly payee?: Pick<InvoiceNode, 'createInvoice'>;
  /** Said in place of the invoice's own hash. */
  readonly paymentHash?: string;
  readonly lifeMs?: number;
}

/** A seller with a real node and no morals: what it answers is up to the test. */
export class HostileSeller {
  url = '';
  readonly turns: Turn[] = [];
  /** Payment hashes of all invoices that it has handed out. */
  readonly invoices: string[] = [];
  readonly #node: InvoiceNode;
  #behave: (turn: Turn) => void | Promise<void>;
  readonly #server = createServer((request, response) => {
    const parsed = parseCredential(request.headers.authorization ?? '');
    const credential = parsed.ok ? parsed.value : undefined;
    const turn: Turn = { number: this.turns.length + 1, credential, request, response };
    this.turns.push(turn);
    request.resume();
    void this.#behave(turn);
  });

  constructor(node: InvoiceNode) {
    this.#node = node;
    this.#behave = ({ response }) => void response.end();
  }

  async listen(): Promise<this> {
    // Never the one to close first: a credential would be lost on a connection that goes stale while a slow machine pays.
    this.#server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server that listens has an address of this form.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  behave(behave: (turn: Turn) => void | Promise<void>): void {
    this.#behave = behave;
  }

  /** How often a credential was presented to it. */
  get presented(): number {
    return this.turns.filter(({ credential }) => credential !== undefined).length;
  }

  async challenge(claim: Claim): Promise<Challenge> {
    const { amountSat, invoiceSat = amountSat, payee = this.#node, lifeMs = 60_000 } = claim;
    const created = await payee.createInvoice({
      amountMsat: invoiceSat * 1_000n,
      description: 'hostile',
      expirySeconds: 120,
    });
    this.invoices.push(created.paymentHash);
    const paymentHash = claim.paymentHash ?? created.paymentHash;
    const request = writeChargeRequest({
      amountSat,
      invoice: created.invoice,
      paymentHash,
      network: 'regtest',
    });
    return {
      id: `hostile-${process.pid}-${this.invoices.length}-${Date.now()}`,
      realm: this.url,
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest({ ...request }),
      expires: new Date(Date.now() + lifeMs).toISOString(),
    };
  }

  async ask(response: ServerResponse, claim: Claim | Challenge): Promise<void> {
    const challenge = 'id' in claim ? claim : await this.challenge(claim);
    response
      .writeHead(402, { 'WWW-Authenticate': serializeChallenge(challenge), 'Cache-Control': 'no-store' })
      .end();
  }
}

/** Delivers, as an honest seller would. */
export function deliver({ credential, response }: Turn): void {
  if (credential === undefined) throw new Error('There is nothing to deliver for.');
  const details = decodeRequest(credential.challenge.request)?.methodDetails;
  const reference = Object(details).paymentHash;
  const timestamp = new Date().toISOString();
  const challengeId = credential.challenge.id;
  const receipt = serializeReceipt({
    status: 'success',
    method: 'lightning',
    timestamp,
    reference,
    challengeId,
  });
  response.writeHead(200, { 'Payment-Receipt': receipt }).end('goods');
}
