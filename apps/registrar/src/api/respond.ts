import { type Answer, problemAnswer, sendAnswer } from '@farebox/gate';
import type { Problem } from '@farebox/protocol';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Sold } from '../sell/paid-order.js';
import type { ApiContext } from './context.js';

/**
 * Sends an answer as it stands, field by field: a 402 has one `WWW-Authenticate` for each challenge. A paid one is told
 * whether it has left completely.
 */
export function send(c: ApiContext, { answer, delivery }: Sold): Response {
  const { incoming, outgoing } = c.env;
  // The API is over HTTP/1.1; the type allows for HTTP/2 too.
  if (!('req' in outgoing)) throw new TypeError('This is served over HTTP/1.1 only.');
  if (delivery !== undefined) {
    if (outgoing.destroyed) delivery.cut();
    else
      outgoing.once('close', () => {
        if (outgoing.writableFinished) delivery.answered();
        else delivery.cut();
      });
  }
  sendAnswer(
    incoming as Parameters<typeof sendAnswer>[0],
    outgoing as Parameters<typeof sendAnswer>[1],
    answer,
  ); // HTTP/1.1, as above
  return RESPONSE_ALREADY_SENT;
}

/**
 * True of what was answered already. Not by `instanceof`: whoever shares the process may put another `Response` in the place
 * of the global one, as servers of the web's own shapes do.
 */
export function isSent(value: unknown): value is Response {
  return value === RESPONSE_ALREADY_SENT;
}

/** Sends a refusal. */
export function refuse(c: ApiContext, problem: Problem, fields: readonly string[] = []): Response {
  return send(c, { answer: problemAnswer(problem, fields) });
}

/** Sends JSON that is nobody else's business. */
export function reply(
  c: ApiContext,
  content: unknown,
  status = 200,
  fields: readonly string[] = [],
): Response {
  return send(c, { answer: jsonAnswer(content, status, fields) });
}

/** An answer of JSON. */
export function jsonAnswer(content: unknown, status: number, fields: readonly string[] = []): Answer {
  const body = JSON.stringify(content);
  const length = String(Buffer.byteLength(body));
  const headers = [...fields, 'Content-Type', 'application/json', 'Content-Length', length];
  if (!fields.includes('Cache-Control')) headers.push('Cache-Control', 'no-store');
  return { status, headers, body };
}
