import { isPaymentCredential, problem } from '@farebox/protocol';
import { type Answer, problemAnswer } from '../answer.js';
import type { BodyRoom } from '../body.js';
import { bodyRefusals } from '../protect.js';
import { readTarget } from '../target.js';
import type { GateRequest } from '../terms.js';

/** A Fetch request as the gate sees it, and as the handler is given it. */
export type FetchRead =
  | {
      readonly ok: true;
      readonly asked: GateRequest;
      /** The same request with its body, which has been read, still to come; where there was none, the very same object. */
      readonly request: Request;
    }
  | { readonly ok: false; readonly answer: Answer };

/**
 * Reads what the gate has to know of a Fetch request, its body included. What is taken from `room` is told to `took`, and
 * is the caller's to give back.
 *
 * @throws TypeError when the body has been read before: there is nothing left that a payment could be bound to
 */
export async function readFetchRequest(
  request: Request,
  bytesMax: number,
  room: BodyRoom,
  took: (bytes: number) => void,
): Promise<FetchRead> {
  const target = readTarget(targetOf(request.url));
  if (!target.ok)
    return { ok: false, answer: problemAnswer(problem('bad-request', { detail: target.detail })) };
  if (request.bodyUsed)
    throw new TypeError(
      'The body was read before the gate saw it; put the gate before whatever reads bodies.',
    );
  const read = request.body === null ? undefined : await readBytes(request, request.body, bytesMax, room);
  if (read?.kind === 'refused') return { ok: false, answer: read.answer };
  // An empty stream and no stream are the same on the wire for some servers, so they are the same here.
  const body = read === undefined || read.bytes.length === 0 ? undefined : read.bytes;
  if (body !== undefined) took(body.length);
  const { method, headers } = request;
  const asked: GateRequest = {
    method,
    path: target.path,
    query: target.query,
    credentials: credentialsOf(headers),
    acceptPayment: headers.get('accept-payment') ?? undefined,
    idempotencyKey: headers.get('idempotency-key') ?? undefined,
    body,
  };
  return { ok: true, asked, request: request.body === null ? request : withBody(request, body) };
}

/**
 * Path and query as they stand in the URL. Not parsed once more: what a router has seen must be what the gate sees, and
 * a spelling that is not the normal form is to be refused, not repaired.
 */
function targetOf(url: string): string {
  const begin = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3);
  const fragment = url.indexOf('#');
  return url.slice(begin === -1 ? url.length : begin, fragment === -1 ? url.length : fragment);
}

/** Fetch joins fields of one name by commas. No credential holds one, so two of them can be told apart again. */
function credentialsOf(headers: Headers): string[] {
  return [headers.get('authorization'), headers.get('payment-authorization')]
    .flatMap((value) => (value === null ? [] : value.split(/,[ \t]*(?=payment(?:[ \t]|$))/i)))
    .filter(isPaymentCredential);
}

type BytesRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly answer: Answer };

async function readBytes(
  request: Request,
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  room: BodyRoom,
): Promise<BytesRead> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax)
    return { kind: 'refused', answer: bodyRefusals['too-large'] };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const refuse = (answer: Answer): BytesRead => {
    room.give(length);
    // Whoever sent it may be gone already; nobody waits for what is not read.
    reader.cancel().catch(() => {});
    return { kind: 'refused', answer };
  };
  try {
    for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
      if (length + next.value.length > bytesMax) return refuse(bodyRefusals['too-large']);
      if (!room.take(next.value.length)) return refuse(bodyRefusals['no-room']);
      length += next.value.length;
      chunks.push(next.value);
    }
  } catch {
    return refuse(bodyRefusals.gone);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { kind: 'bytes', bytes };
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer> | undefined): Request {
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: body ?? null });
}
