import { isPaymentCredential, problem } from '@farebox/protocol';
import { type Answer, problemAnswer } from '../answer.js';
import type { BodyOwner, OwnRoom, SharedRoom } from '../body-room.js';
import { ByteGatherer } from '../byte-gatherer.js';
import { bodyRefusal } from '../protect.js';
import { readTarget } from '../target.js';
import type { GateRequest } from '../terms.js';

/** A Fetch request as the gate sees it, and as the handler is given it. */
export type FetchRead =
  | {
      readonly ok: true;
      readonly asked: GateRequest;
      /** The same request with its body, which has been read, still to come; where there was none, the very same object. */
      readonly request: Request;
      /** Where its body is held. */
      readonly room: OwnRoom;
    }
  | { readonly ok: false; readonly answer: Answer };

/**
 * Reads what the gate has to know of a Fetch request, its body included. What is taken of the room is the caller's to give
 * back: as many bytes as the body has.
 *
 * @throws TypeError when the body has been read before: there is nothing left that a payment could be bound to
 */
export async function readFetchRequest(
  request: Request,
  bytesMax: number,
  shared: SharedRoom,
  client: string | undefined,
): Promise<FetchRead> {
  const target = readTarget(targetOf(request.url));
  if (!target.ok)
    return { ok: false, answer: problemAnswer(problem('bad-request', { detail: target.detail })) };
  if (request.bodyUsed)
    throw new TypeError(
      'The body was read before the gate saw it; put the gate before whatever reads bodies.',
    );
  const { method, headers } = request;
  const credentials = credentialsOf(headers);
  const owner = { client, presents: credentials.length > 0, bytesMax };
  const room = shared.open(owner);
  const read = request.body === null ? undefined : await readBytes(request, request.body, owner, room);
  if (read?.kind === 'refused') return { ok: false, answer: read.answer };
  // An empty stream and no stream are the same on the wire for some servers, so they are the same here.
  const body = read === undefined || read.bytes.length === 0 ? undefined : read.bytes;
  const asked: GateRequest = {
    method,
    path: target.path,
    query: target.query,
    credentials,
    acceptPayment: headers.get('accept-payment') ?? undefined,
    idempotencyKey: headers.get('idempotency-key') ?? undefined,
    body,
    client,
  };
  return { ok: true, asked, room, request: request.body === null ? request : withBody(request, body) };
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
  { bytesMax, presents }: BodyOwner,
  room: OwnRoom,
): Promise<BytesRead> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax)
    return { kind: 'refused', answer: bodyRefusal('too-large', presents) };
  const reader = body.getReader();
  const gathered = new ByteGatherer(bytesMax);
  let taken = 0;
  const refuse = (answer: Answer): BytesRead => {
    room.give(taken);
    gathered.clear();
    // Whoever sent it may be gone already; nobody waits for what is not read.
    reader.cancel().catch(() => {});
    return { kind: 'refused', answer };
  };
  try {
    for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
      if (gathered.length + next.value.length > bytesMax) return refuse(bodyRefusal('too-large', presents));
      const more = gathered.add(next.value);
      if (!room.take(more)) return refuse(bodyRefusal('no-room', presents));
      taken += more;
    }
  } catch {
    return refuse(bodyRefusal('gone', presents));
  }
  room.give(taken - gathered.length);
  return { kind: 'bytes', bytes: Uint8Array.from(gathered.whole()) };
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer> | undefined): Request {
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: body ?? null });
}
