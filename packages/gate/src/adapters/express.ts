import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem } from '@farebox/protocol';
import { problemAnswer, sendAnswer } from '../answer.js';
import { hasBody } from '../body.js';
import type { Gate } from '../gate.js';
import { holdResponse } from '../hold-response.js';
import { createNodeDoor, type ProtectOptions } from '../protect.js';
import { watchQueued } from '../queued-response.js';
import { sendReplay } from '../replay.js';
import type { Terms } from '../terms.js';

export type { ProtectOptions } from '../protect.js';

/** What is used of an Express request. */
export interface ExpressRequest extends IncomingMessage {
  /** The target as the client sent it, whatever a router has made of `url`. */
  readonly originalUrl: string;
  body?: unknown;
}

const bodyGone =
  'The body was read before the gate saw it, so no payment can be bound to it; put sell(…) before express.json() and other body parsers.';

/**
 * Express 5 middleware that sells what stands behind it: `app.get('/joke', sell(gate, terms), handler)`. The handler is
 * called for a paid request only and answers as usual (`json`, `send`, `sendFile`, a pipe). Its answer is held until the
 * delivery is durable; a 2xx gets the receipt, anything else, an error and a 404 among them, leaves the payment as a
 * credit. On a `once` route that includes an error that a handler throws: throw only where nothing has been done.
 *
 * The body has been read, because the payment is bound to it: it is at `request.body`, parsed where it is JSON, otherwise
 * as a `Buffer`; body parsers that stand behind leave it alone. One that stands before takes the bytes away: the request is
 * then given to Express's error handler with a `TypeError` that says so, and nobody is charged.
 *
 * @example
 * ```ts
 * import { createGate } from '@farebox/gate';
 * import { sell } from '@farebox/gate/express';
 * import express from 'express';
 *
 * declare const gate: ReturnType<typeof createGate>;
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'GET /joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * express().get('/joke', sell(gate, terms), (_request, response) => void response.send('Knock, knock.')).listen(8402);
 * ```
 */
export function sell(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  options: ProtectOptions = {},
): (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  const decide = createNodeDoor(gate.admit, terms, options);
  return function sellBehind(request, response, next) {
    watchQueued(request, response);
    if (hasBody(request) && request.readableDidRead) return next(new TypeError(bodyGone));
    sellOne(request, response).then((goesOn) => {
      if (goesOn) next();
    }, next);
  };

  async function sellOne(request: ExpressRequest, response: ServerResponse): Promise<boolean> {
    let parsed: unknown;
    const admission = await decide(request, response, request.originalUrl, (body) => {
      const read = readBody(request, body);
      if (!read.ok) return notJson;
      parsed = read.value;
      return undefined;
    });
    if (admission.kind === 'gone') return false;
    if (admission.kind === 'refused') sendAnswer(request, response, admission.answer);
    if (admission.kind === 'replayed') sendReplay(request, response, admission.answer, admission.delivery);
    if (admission.kind !== 'admitted') return false;
    if (admission.body !== undefined) request.body = parsed;
    holdResponse(response, admission.delivery);
    return true;
  }
}

const notJson = problemAnswer(
  problem('bad-request', {
    detail: 'The body is not the JSON that its Content-Type says; nothing was charged.',
  }),
);

type BodyValue = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** JSON is parsed, as `express.json()` would; anything else, and what is compressed, is given as it came. */
function readBody(request: IncomingMessage, body: Buffer): BodyValue {
  const type = (request.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  const plain = (request.headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
  if (!plain || (type !== 'application/json' && !type.endsWith('+json'))) return { ok: true, value: body };
  if (body.length === 0) return { ok: true, value: {} };
  try {
    return { ok: true, value: JSON.parse(body.toString()) };
  } catch {
    return { ok: false };
  }
}
