import { IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { isPaymentCredential, problem } from '@farebox/protocol';
import { type Answer, problemAnswer, sendAnswer } from './answer.js';
import { type BodyRead, bodyBytesMaxDefault, hasBody, readBody } from './body.js';
import { type BodyRoom, createSharedRoom, heldBodyBytesMax } from './body-room.js';
import type { Admission } from './decision.js';
import type { Delivery } from './delivery.js';
import { clearFields } from './held-head.js';
import { holdResponse } from './hold-response.js';
import { watchQueued } from './queued-response.js';
import { sendReplay } from './replay.js';
import { readTarget } from './target.js';
import { checkTerms, type GateRequest, type Terms } from './terms.js';

/** How a listener is protected. */
export interface ProtectOptions {
  /** Largest request body, in bytes; more is refused with 413. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Most bytes of bodies held at a time by all requests to this listener; more is 503. Default 64 MiB. */
  readonly heldBytesMax?: number;
  /**
   * Who asks, for the gate's mint budget and for an eighth of the bytes held: an address that the client cannot choose
   * freely. Default: nobody in particular.
   */
  readonly client?: (request: IncomingMessage) => string | undefined;
}

/** How the gate decides: {@link Gate.admit}. */
export type Admit = (request: GateRequest, terms: Terms) => Admission | Promise<Admission>;

/** What was decided about a request of `node:http`. `gone`: the client has left, and nothing was called. */
export type NodeAdmission =
  | Exclude<Admission, { readonly kind: 'admitted' }>
  | { readonly kind: 'admitted'; readonly delivery: Delivery; readonly body: Buffer | undefined }
  | { readonly kind: 'gone' };

/** Reads and decides about requests of `node:http`; what is served, and how, is the caller's. */
export type NodeDoor = (
  request: IncomingMessage,
  response: ServerResponse,
  /** The request target as the client sent it. */
  url: string,
  /** Looks at the body before anybody is asked to pay for it; what it returns is the refusal. */
  vet?: (body: Buffer) => Answer | undefined,
) => Promise<NodeAdmission>;

/** Makes the {@link NodeDoor} of one route; throws as {@link checkTerms} does. Call {@link watchQueued} before it. */
export function createNodeDoor(admit: Admit, terms: Terms, options: ProtectOptions = {}): NodeDoor {
  const { bodyBytesMax = bodyBytesMaxDefault, heldBytesMax = heldBodyBytesMax } = options;
  checkTerms(terms);
  const shared = createSharedRoom(heldBytesMax);
  return async function decide(request, response, url, vet) {
    const target = readTarget(url);
    if (!target.ok) return refused(problemAnswer(problem('bad-request', { detail: target.detail })));
    const asked = readRequest(request);
    const client = options.client?.(request);
    const presents = asked.credentials.some(isPaymentCredential);
    const room = shared.open({ client, presents, bytesMax: bodyBytesMax });
    const read = hasBody(request) ? await bodyOf(request, bodyBytesMax, room) : undefined;
    if (read !== undefined && read.kind !== 'body') return refused(bodyRefusal(read.kind, presents));
    const body = read?.body;
    if (body !== undefined) response.once('close', () => room.give(body.length));
    const fault = body === undefined ? undefined : vet?.(body);
    if (fault !== undefined) return refused(fault);
    const { path, query } = target;
    const admission = await admit({ ...asked, path, query, body, client }, terms);
    if (admission.kind !== 'admitted') return admission;
    room.admitted();
    if (response.destroyed) {
      // The client left while the ledger was asked. The listener was not called, so even a `once` claim is given back.
      await admission.delivery.release();
      return { kind: 'gone' };
    }
    return { ...admission, body };
  };
}

function refused(answer: Answer): NodeAdmission {
  return { kind: 'refused', answer };
}

/**
 * Sells what a `node:http` listener serves. The listener is called only for a paid request, as often as the effect of
 * the route allows, and writes its answer as usual. Its answer is held until the delivery is durable; a 2xx gets the
 * receipt, anything else leaves the payment as a credit. A listener that throws or rejects is answered for with a 500 that
 * says nothing of it, and on a `once` route with an unknown outcome; `process.on('warning')` hears the error.
 */
export function protectListener(
  admit: Admit,
  terms: Terms,
  listener: RequestListener,
  options: ProtectOptions = {},
): RequestListener {
  const decide = createNodeDoor(admit, terms, options);
  return function sellAccess(request, response) {
    watchQueued(request, response);
    const answer = (content: Answer) => sendAnswer(request, response, content);
    sell(request, response, answer).catch((error: unknown) => {
      // With node alone a listener that throws ends the process; here it is only told of, as a warning of the process.
      process.emitWarning(error instanceof Error ? error : new Error('A listener threw what is no error.'));
      // A whole answer leaves as it is. What has only begun is cut, and given again to whoever asks with the credential.
      if (response.writableEnded) return;
      if (response.headersSent) return void response.destroy();
      clearFields(response);
      answer(problemAnswer(problem('internal-error')));
    });
  };

  async function sell(request: IncomingMessage, response: ServerResponse, answer: (content: Answer) => void) {
    const admission = await decide(request, response, request.url ?? '');
    if (admission.kind === 'gone') return;
    if (admission.kind === 'refused') return answer(admission.answer);
    if (admission.kind === 'replayed')
      return sendReplay(request, response, admission.answer, admission.delivery);
    const { delivery, body } = admission;
    holdResponse(response, delivery);
    try {
      // Its type promises nothing, but it may well be async.
      await listener(body === undefined ? request : withBody(request, body), replyOf(response));
    } catch (error) {
      // What a `once` listener has done before it threw is not known, so it is not called again.
      if (terms.effect === 'once' && !response.headersSent) delivery.cut(true);
      throw error;
    }
  }
}

const noRoom = 'Too much is being received at once; ';
const bodyRefusals: Readonly<Record<Exclude<BodyRead['kind'], 'body'> | 'no-room-paid', Answer>> = {
  'too-large': problemAnswer(problem('body-too-large')),
  'no-room': problemAnswer(
    problem('internal-error', { status: 503, detail: `${noRoom}nothing was charged.`, retry: 'safe' }),
    ['Retry-After', '1'],
  ),
  'no-room-paid': problemAnswer(
    problem('internal-error', {
      status: 503,
      detail: `${noRoom}the credential was not used up, send it again with the same request.`,
      retry: 'same-credential',
    }),
    ['Retry-After', '1'],
  ),
  gone: problemAnswer(problem('bad-request')),
};

/**
 * The refusal of a body that was not read whole. `gone` is never seen by anyone: the client has left.
 *
 * @param presents whether a payment credential came with it
 */
export function bodyRefusal(kind: Exclude<BodyRead['kind'], 'body'>, presents: boolean): Answer {
  return bodyRefusals[kind === 'no-room' && presents ? 'no-room-paid' : kind];
}

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
