import { Agent, request as httpRequest } from 'node:http';
import {
  type CreatedInvoice,
  type InvoiceRequest,
  type InvoiceState,
  NodeError,
  type NodeErrorCode,
  type NodeInfo,
  type NodePeriod,
  type PaymentRequest,
  type PaymentState,
  type SettledInvoice,
} from '@farebox/lightning';
import { isJsonObject, type JsonValue } from '@farebox/protocol';
import type { DevnetNode, DevnetRole, HoldRequest } from './devnet-node.js';
import type { NodeCalls } from './messages.js';
import { settledInvoices } from './node/invoice-book.js';
import { type Verb, verbs } from './verbs.js';
import { devnetCapabilities } from './worker-node.js';

/** Where a devnet is served, and which of its nodes is wanted. */
export interface ConnectOptions {
  /** `http://127.0.0.1:<port>`, as `serveDevnet` gives it. */
  readonly url: string;
  readonly token: string;
  readonly role: DevnetRole;
}

/** How long any answer but a payment's may take. */
export const answerMsMax = 15_000;

/** How much longer than its own timeout a payment's answer may take. */
export const paymentGraceMs = 5_000;

const bodyBytesMax = 1_048_576;

/** A call that got no answer. `reached`: it may have arrived nevertheless. */
class LostCall extends Error {
  readonly reached: boolean;
  constructor(reached: boolean, cause: unknown) {
    super('The call got no answer.', { cause });
    this.reached = reached;
  }
}

/**
 * A node of a devnet in another process of this machine. Nothing is sent until it is used. All methods reject
 * with `NodeError`: `node_unreachable` (nobody answers), `node_unauthorized` (wrong token), `node_refused`,
 * `node_misbehaved`. A payment whose answer is lost resolves as `in-flight`: ask `trackPayment`.
 *
 * Throws for an address that is not plain HTTP on loopback: the token would leave the machine; and where there is no
 * address, as JavaScript makes of a devnet's file that is not there.
 */
export function connectDevnet(options: ConnectOptions): DevnetNode {
  if (options.url === undefined) {
    throw new NodeError('node_unreachable', 'No devnet is running: start one with `farebox devnet`.');
  }
  return new RemoteNode(options);
}

/** @internal Checks that an address is plain HTTP on loopback. */
export function loopbackUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hosts = ['127.0.0.1', 'localhost', '[::1]'];
  if (url === undefined || url.protocol !== 'http:' || !hosts.includes(url.hostname)) {
    throw new NodeError(
      'node_refused',
      'A devnet is reached over http on loopback only, such as http://127.0.0.1:9735.',
    );
  }
  return url;
}

class RemoteNode implements DevnetNode {
  readonly capabilities = devnetCapabilities;
  readonly #url: URL;
  readonly #role: DevnetRole;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true });
  #closed = false;

  constructor(options: ConnectOptions) {
    this.#url = loopbackUrl(options.url);
    this.#token = options.token;
    this.#role = options.role;
  }

  info(): Promise<NodeInfo> {
    return this.#ask('info', undefined);
  }

  createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    return this.#ask('createInvoice', request);
  }

  lookupInvoice(paymentHash: string): Promise<InvoiceState | undefined> {
    return this.#ask('lookupInvoice', paymentHash);
  }

  listSettled(period: NodePeriod): AsyncIterable<SettledInvoice> {
    return settledInvoices(period, (request) => this.#ask('listSettled', request));
  }

  cancelInvoice(paymentHash: string): Promise<void> {
    return this.#ask('cancelInvoice', paymentHash);
  }

  async payInvoice(request: PaymentRequest): Promise<PaymentState> {
    try {
      // A time that is no number would end the wait before the devnet could refuse it.
      const waitMs = Number.isFinite(request.timeoutMs) ? request.timeoutMs : 0;
      return await this.#call('payInvoice', request, waitMs + paymentGraceMs);
    } catch (error) {
      // Once the request may have arrived, "not sent" would be a guess, and a second payment its price.
      if (error instanceof LostCall && error.reached) return { status: 'in-flight' };
      if (error instanceof NodeError && error.code === 'node_misbehaved') return { status: 'in-flight' };
      throw error instanceof LostCall ? unreachable(error) : error;
    }
  }

  trackPayment(paymentHash: string): Promise<PaymentState> {
    return this.#ask('trackPayment', paymentHash);
  }

  balance(): Promise<{ readonly spendableMsat: bigint; readonly receivableMsat: bigint }> {
    return this.#ask('balance', undefined);
  }

  holdInvoice(request: HoldRequest): Promise<CreatedInvoice> {
    return this.#ask('holdInvoice', request);
  }

  settleHold(preimage: string): Promise<void> {
    return this.#ask('settleHold', preimage);
  }

  cancelHold(paymentHash: string): Promise<void> {
    return this.cancelInvoice(paymentHash);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#agent.destroy();
    return Promise.resolve();
  }

  async #ask<V extends keyof NodeCalls>(
    name: V,
    argument: NodeCalls[V]['argument'],
  ): Promise<NodeCalls[V]['result']> {
    try {
      return await this.#call(name, argument, answerMsMax);
    } catch (error) {
      throw error instanceof LostCall ? unreachable(error) : error;
    }
  }

  async #call<V extends keyof NodeCalls>(
    name: V,
    argument: NodeCalls[V]['argument'],
    timeoutMs: number,
  ): Promise<NodeCalls[V]['result']> {
    if (this.#closed) throw new NodeError('node_unreachable', 'This node was closed.');
    const verb: Verb<NodeCalls[V]['argument'], NodeCalls[V]['result']> = verbs[name];
    const body = JSON.stringify(verb.argument.write(argument));
    const { status, text } = await this.#post(`/lightning/${this.#role}/${name}`, body, timeoutMs);
    let value: JsonValue;
    try {
      value = JSON.parse(text);
      if (status === 200) return verb.result.read(value);
    } catch (cause) {
      throw new NodeError('node_misbehaved', 'The devnet answered something that cannot be read.', { cause });
    }
    throw refusal(status, value);
  }

  #post(path: string, body: string, timeoutMs: number): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      let reached = false;
      const lost = (cause: unknown) => {
        clearTimeout(timer);
        reject(new LostCall(reached, cause));
      };
      const request = httpRequest(new URL(path, this.#url), {
        method: 'POST',
        agent: this.#agent,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
        },
      });
      const timer = setTimeout(() => request.destroy(new Error('Timed out.')), timeoutMs);
      request.on('socket', (socket) => {
        if (!socket.connecting) reached = true;
        else
          socket.once('connect', () => {
            reached = true;
          });
      });
      request.on('error', lost);
      request.on('response', (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > bodyBytesMax) request.destroy(new Error('The answer is too long.'));
          else parts.push(part);
        });
        response.on('error', lost);
        response.on('aborted', () => lost(new Error('The answer was cut off.')));
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
        });
      });
      request.end(body);
    });
  }
}

const errorCodes: readonly NodeErrorCode[] = [
  'node_unreachable',
  'node_unauthorized',
  'node_refused',
  'node_misbehaved',
];

function refusal(status: number, value: JsonValue): NodeError {
  const error = isJsonObject(value) && isJsonObject(value.error) ? value.error : {};
  const message = typeof error.message === 'string' ? error.message : `The devnet answered ${status}.`;
  const code = errorCodes.find((known) => known === error.code);
  if (code !== undefined) return new NodeError(code, message);
  // What the server refuses by itself it has not passed on.
  return new NodeError(status >= 400 && status < 500 ? 'node_refused' : 'node_misbehaved', message);
}

function unreachable(cause: unknown): NodeError {
  return new NodeError('node_unreachable', 'The devnet does not answer: is `farebox devnet` running?', {
    cause,
  });
}
