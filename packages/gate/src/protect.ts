import { IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { problem } from '@farebox/protocol';
import type { Admission } from './admit.js';
import { type Answer, problemAnswer } from './answer.js';
import { holdResponse } from './hold-response.js';
import { readTarget } from './target.js';
import type { GateRequest, Terms } from './terms.js';

/** Default for the largest request body that is read, so that a challenge can be bound to it. */
export const bodyBytesMaxDefault = 1_048_576;

/** How a listener is protected. */
export interface ProtectOptions {
  /** Largest request body, in bytes; more is refused with 413. */
  readonly bodyBytesMax?: number;
}

/**
 * Sells what a `node:http` listener serves. The listener is called only for a paid request, as often as the effect of
 * the route allows, and writes its answer as usual. Its answer is held until the delivery is durable; a 2xx gets the
 * receipt, anything else leaves the payment as a credit.
 */
export function protectListener(
  admit: (request: GateRequest, terms: Terms) => Promise<Admission>,
  terms: Terms,
  listener: RequestListener,
  options: ProtectOptions = {},
): RequestListener {
  const bodyBytesMax = options.bodyBytesMax ?? bodyBytesMaxDefault;
  return function sellAccess(request, response) {
    decide(request).then(
      (outcome) => outcome(response),
      // Only a fault of ours, or a connection that broke while its body was read.
      () =>
        response.headersSent
          ? response.destroy()
          : sendAnswer(response, problemAnswer(problem('internal-error'))),
    );
  };

  async function decide(request: IncomingMessage): Promise<(response: ServerResponse) => void> {
    const target = readTarget(request.url ?? '');
    if (!target.ok) return answering(problemAnswer(problem('bad-request', { detail: target.detail })));
    const body = hasBody(request) ? await readBody(request, bodyBytesMax) : undefined;
    if (body === 'too-large')
      return answering(problemAnswer(problem('body-too-large'), ['Connection', 'close']));
    const admission = await admit(
      { ...readRequest(request), path: target.path, query: target.query, body },
      terms,
    );
    if (admission.kind === 'refused') return answering(admission.answer);
    return (response) => {
      holdResponse(response, admission.delivery);
      listener(body === undefined ? request : withBody(request, body), replyOf(response));
    };
  }
}

/** The listener's own type asks for a response bound to a request; ours is bound to the original one. */
function replyOf(response: ServerResponse): Parameters<RequestListener>[1] {
  return response as Parameters<RequestListener>[1]; // same object; the request type parameter is all that differs
}

/** What the gate needs of a node request, but for the target and the body. */
export function readRequest(
  request: IncomingMessage,
): Pick<GateRequest, 'method' | 'credentials' | 'acceptPayment'> {
  const credentials: string[] = [];
  const raw = request.rawHeaders;
  // From the raw fields: node keeps only the first of two Authorization fields, and two credentials are an error.
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase();
    if (name === 'authorization' || name === 'payment-authorization') credentials.push(raw[i + 1] ?? '');
  }
  const accept = request.headers['accept-payment'];
  return {
    method: request.method ?? 'GET',
    credentials,
    acceptPayment: Array.isArray(accept) ? accept.join(', ') : accept,
  };
}

/** True when a request announces a body (RFC 9112 §6). */
export function hasBody(request: IncomingMessage): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  const length = request.headers['content-length'];
  return length !== undefined && length !== '0';
}

/**
 * Reads a body of at most `bytesMax` bytes; `too-large` leaves the rest unread, so the answer must close the
 * connection. Rejects when the connection breaks first.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | 'too-large'> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve('too-large');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) settle(() => resolve('too-large'));
    };
    const onEnd = () =>
      settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onClose = () =>
      settle(() => reject(new Error('The connection broke before the body was complete.')));
    const settle = (then: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      request.pause();
      then();
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** The same request with its body, which has been read, still to come. */
function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const fresh = new IncomingMessage(request.socket);
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers, rawHeaders } = request;
  Object.assign(fresh, { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers, rawHeaders });
  fresh.complete = true;
  fresh.push(body);
  fresh.push(null);
  return fresh;
}

function answering(answer: Answer): (response: ServerResponse) => void {
  return (response) => sendAnswer(response, answer);
}

/** Writes a complete answer. A HEAD gets the same fields and no body (RFC 9110 §9.3.2). */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
