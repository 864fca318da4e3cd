import { problem } from '@farebox/protocol';
import { problemAnswer, unknownOutcome } from '../answer.js';
import { bodyBytesMaxDefault } from '../body.js';
import { createSharedRoom, heldBodyBytesMax } from '../body-room.js';
import { isCachingField } from '../caching-fields.js';
import type { Delivery } from '../delivery.js';
import { answerToKeep, isStream } from '../kept-answer.js';
import { type Admit, bodyRefusal } from '../protect.js';
import { checkTerms, type Terms } from '../terms.js';
import { answerResponse, type Collected, collect, flatFields, watchedBody } from './fetch-answer.js';
import { type FetchRead, readFetchRequest } from './fetch-request.js';

/** How a Fetch handler is protected. */
export interface FetchOptions {
  /** Largest request body, in bytes; more is refused with 413. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Most bytes of bodies held at a time by all requests to this handler; more is 503. Default 64 MiB. */
  readonly heldBytesMax?: number;
  /**
   * Who asks, for the gate's mint budget and for an eighth of the bytes held: an address that the client cannot choose
   * freely. Default: nobody in particular.
   */
  readonly client?: (request: Request) => string | undefined;
}

/** What a handler did: `failed` says that it threw, and its response is only what was made of that. */
export interface Served {
  readonly response: Response;
  readonly failed: boolean;
}

/** Sells one request; `serve` is called for a paid one only, with a request whose body can be read. */
export type FetchSale = (request: Request, serve: (request: Request) => Promise<Served>) => Promise<Response>;

/** The core of everything that sells Fetch responses: see `protectFetch` for what it promises. */
export function createFetchSale(admit: Admit, terms: Terms, options: FetchOptions = {}): FetchSale {
  checkTerms(terms);
  const { bodyBytesMax = bodyBytesMaxDefault, heldBytesMax = heldBodyBytesMax } = options;
  const shared = createSharedRoom(heldBytesMax);
  return async function sell(request, serve) {
    const read = await readFetchRequest(request, bodyBytesMax, shared, options.client?.(request));
    if (!read.ok) return answerResponse(read.answer, request.method === 'HEAD');
    try {
      return await sellOne(request, read, serve);
    } finally {
      read.room.give(read.asked.body?.length ?? 0);
    }
  };

  async function sellOne(
    request: Request,
    read: FetchRead & { ok: true },
    serve: Parameters<FetchSale>[1],
  ): Promise<Response> {
    const head = request.method === 'HEAD';
    const admission = await admit(read.asked, terms);
    if (admission.kind === 'refused') return answerResponse(admission.answer, head);
    const { delivery } = admission;
    if (admission.kind === 'replayed') {
      const { status, headers, body } = answerResponse(admission.answer, head);
      return watched({ chunks: [], rest: body?.getReader() }, { status, headers }, delivery, request);
    }
    if (request.signal.aborted) {
      // The client left while the ledger was asked. The handler was not called, so even a `once` claim is given back.
      await delivery.release();
      return answerResponse(bodyRefusal('gone', true), head);
    }
    read.room.admitted();
    return deliver(request, delivery, terms, () => serve(read.request));
  }
}

async function deliver(
  request: Request,
  delivery: Delivery,
  terms: Terms,
  serve: () => Promise<Served>,
): Promise<Response> {
  let served: Served;
  let collected: Collected;
  const isHead = request.method === 'HEAD';
  try {
    served = await serve();
    const { response, failed } = served;
    if (failed) return await failedAnswer(delivery, terms, isHead, response);
    if (!delivery.charges(response.status)) {
      await delivery.release();
      return withoutReceipt(response);
    }
    const waits = delivery.keepsAnswer && !isStream(response.headers.get('content-type') ?? '');
    collected = waits ? await collect(response.body) : { chunks: [], rest: response.body?.getReader() };
  } catch {
    return await failedAnswer(delivery, terms, isHead);
  }
  return commit(request, delivery, served.response, collected);
}

async function commit(
  request: Request,
  delivery: Delivery,
  response: Response,
  collected: Collected,
): Promise<Response> {
  const { status, statusText } = response;
  const kept =
    delivery.keepsAnswer && collected.rest === undefined
      ? answerToKeep(status, flatFields(response.headers), collected.chunks)
      : undefined;
  const isHead = request.method === 'HEAD';
  if (request.signal.aborted && !delivery.keepsAnswer) {
    // Nobody is there to be charged: a credit, as if the handler had not been called.
    delivery.cut();
    giveUp(collected);
    return answerResponse(bodyRefusal('gone', true), isHead);
  }
  const outcome = await delivery.commit(status, kept);
  if (!outcome.ok) {
    giveUp(collected);
    return answerResponse(outcome.answer, isHead);
  }
  const headers = new Headers(response.headers);
  headers.delete('Payment-Receipt');
  for (const name of [...headers.keys()]) if (isCachingField(name)) headers.delete(name);
  for (let i = 0; i + 1 < outcome.headers.length; i += 2)
    headers.set(outcome.headers[i] ?? '', outcome.headers[i + 1] ?? '');
  return watched(collected, { status, statusText, headers }, delivery, request);
}

/** A handler that failed: nobody knows what a `once` one has done, and any other leaves the payment as a credit. */
async function failedAnswer(
  delivery: Delivery,
  terms: Terms,
  isHead: boolean,
  response?: Response,
): Promise<Response> {
  const { challengeId } = delivery;
  if (terms.effect === 'once') {
    delivery.cut(true);
    return answerResponse(unknownOutcome('broken', challengeId), isHead);
  }
  await delivery.release();
  if (response !== undefined) return withoutReceipt(response);
  return answerResponse(problemAnswer(problem('internal-error', { challengeId })), isHead);
}

/** The response that is not charged for: a receipt of the handler's own would say that it was. */
function withoutReceipt(response: Response): Response {
  if (!response.headers.has('Payment-Receipt')) return response;
  const { status, statusText, body } = response;
  const headers = new Headers(response.headers);
  headers.delete('Payment-Receipt');
  return new Response(body, { status, statusText, headers });
}

/** The committed response. Its delivery ends with its body, or at once where there is none to be pulled. */
function watched(
  collected: Collected,
  init: { readonly status: number; readonly statusText?: string; readonly headers: Headers },
  delivery: Delivery,
  request: Request,
): Response {
  const { signal, method } = request;
  if (method === 'HEAD' || (collected.rest === undefined && collected.chunks.length === 0)) {
    giveUp(collected);
    if (signal.aborted) delivery.cut();
    else delivery.answered();
    return new Response(null, init);
  }
  return new Response(watchedBody(collected, delivery, signal), init);
}

/** What was not read is not wanted; a handler that fails at that has failed for nobody. */
function giveUp({ rest }: Collected): void {
  rest?.cancel().catch(() => {});
}
