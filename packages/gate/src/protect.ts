import { IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { problem } from '@farebox/protocol';
import type { Admission } from './admit.js';
import { type Answer, problemAnswer, sendAnswer } from './answer.js';
import {
  type BodyRead,
  type BodyRoom,
  bodyBytesMaxDefault,
  createBodyRoom,
  hasBody,
  heldBodyBytesMax,
  readBody,
} from './body.js';
import { holdResponse } from './hold-response.js';
import { sendReplay } from './replay.js';
import { readTarget } from './target.js';
import type { GateRequest, Terms } from './terms.js';

/** How a listener is protected. */
export interface ProtectOptions {
  /** Largest request body, in bytes; more is refused with 413. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Most bytes of bodies held at a time by all requests to this listener; more is 503. Default 64 MiB. */
  readonly heldBytesMax?: number;
}

/**
 * Sells what a `node:http` listener serves. The listener is called only for a paid request, as often as the effect of
 * the route allows, and writes its answer as usual. Its answer is held until the delivery is durable; a 2xx gets the
 * receipt, anything else leaves the payment as a credit.
 */
export function protectListener(
  admit: (request: GateRequest, terms: Terms) => Admission | Promise<Admission>,
  terms: Terms,
  listener: RequestListener,
  options: ProtectOptions = {},
): RequestListener {
  const { bodyBytesMax = bodyBytesMaxDefault, heldBytesMax = heldBodyBytesMax } = options;
  const room = createBodyRoom(heldBytesMax);
  return function sellAccess(request, response) {
    const answer = (content: Answer) => sendAnswer(request, response, content);
    sell(request, response, answer).catch(() => answer(problemAnswer(problem('internal-error'))));
  };

  async function sell(request: IncomingMessage, response: ServerResponse, answer: (content: Answer) => void) {
    const target = readTarget(request.url ?? '');
    if (!target.ok) return answer(problemAnswer(problem('bad-request', { detail: target.detail })));
    const read = hasBody(request) ? await bodyOf(request, bodyBytesMax, room) : undefined;
    if (read !== undefined && read.kind !== 'body') return answer(bodyRefusals[read.kind]);
    const body = read?.body;
    if (body !== undefined) response.once('close', () => room.give(body.length));
    const admission = await admit(
      { ...readRequest(request), path: target.path, query: target.query, body },
      terms,
    );
    if (admission.kind === 'refused') return answer(admission.answer);
    if (admission.kind === 'replayed')
      return sendReplay(request, response, admission.answer, admission.delivery);
    if (response.destroyed) {
      // The client left while the ledger was asked. The listener was not called, so even a `once` claim is given back.
      await admission.delivery.release();
      return;
    }
    holdResponse(response, admission.delivery);
    listener(body === undefined ? request : withBody(request, body), replyOf(response));
  }
}

/** `gone` is never seen by anyone: the client has left. */
const bodyRefusals: Readonly<Record<Exclude<BodyRead['kind'], 'body'>, Answer>> = {
  'too-large': problemAnswer(problem('body-too-large')),
  'no-room': problemAnswer(
    problem('internal-error', {
      status: 503,
      detail: 'Too much is being received at once; nothing was charged.',
    }),
    ['Retry-After', '1'],
  ),
  gone: problemAnswer(problem('bad-request')),
};

/** The listener's own type asks for a response bound to a request; ours is bound to the original one. */
function replyOf(response: ServerResponse): Parameters<RequestListener>[1] {
  return response as Parameters<RequestListener>[1]; // same object; the request type parameter is all that differs
}

/** What the gate needs of a node request, but for the target and the body. */
function readRequest(
  request: IncomingMessage,
): Pick<GateRequest, 'method' | 'credentials' | 'acceptPayment' | 'idempotencyKey'> {
  const credentials: string[] = [];
  const raw = request.rawHeaders;
  // From the raw fields: node keeps only the first of two Authorization fields, and two credentials are an error.
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase();
    if (name === 'authorization' || name === 'payment-authorization') credentials.push(raw[i + 1] ?? '');
  }
  const accept = request.headers['accept-payment'];
  const key = request.headers['idempotency-key'];
  return {
    method: request.method ?? 'GET',
    credentials,
    acceptPayment: Array.isArray(accept) ? accept.join(', ') : accept,
    idempotencyKey: Array.isArray(key) ? key.join(', ') : key,
  };
}

/** The body of one request, held while it is decided about. */
function bodyOf(request: IncomingMessage, bytesMax: number, room: BodyRoom): Promise<BodyRead> {
  return new Promise((resolve) => readBody(request, bytesMax, room, resolve));
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
