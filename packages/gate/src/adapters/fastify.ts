import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Answer } from '../answer.js';
import { hasBody } from '../body.js';
import type { Delivery } from '../delivery.js';
import type { Gate } from '../gate.js';
import { holdResponse } from '../hold-response.js';
import { createNodeDoor, type NodeAdmission, type ProtectOptions } from '../protect.js';
import { watchQueued } from '../queued-response.js';
import type { Terms } from '../terms.js';

export type { ProtectOptions } from '../protect.js';

/** What is used of a Fastify request. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
}

/** What is used of a Fastify reply. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  code(status: number): unknown;
  header(name: string, value: string | string[]): unknown;
  send(payload: string | Buffer): unknown;
}

/** A body on its way to Fastify's parsers. */
export interface FastifyPayload extends Readable {
  /** Bytes as they were received. */
  receivedEncodedLength?: number;
}

/** The hooks of a route that is sold: spread them into its options. */
export interface FastifySale {
  readonly preParsing: (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: FastifyPayload,
    done: (error?: Error | null, payload?: FastifyPayload) => void,
  ) => void;
  readonly onError: (request: FastifyRequest, reply: FastifyReply, error: Error, done: () => void) => void;
}

const bodyGone =
  'The body was read before the gate saw it, so no payment can be bound to it; give sell(…) the first preParsing hook.';

/**
 * Sells a Fastify route: `fastify.get('/joke', sell(gate, terms), handler)`, with more options
 * `fastify.post('/orders', { ...sell(gate, terms), schema }, handler)`. The gate decides before the body is parsed and
 * validated; the handler is called for a paid request only and answers as usual. Its answer is held until the delivery is
 * durable; a 2xx gets the receipt, anything else leaves the payment as a credit. An error that a handler throws leaves a
 * credit too, but on a `once` route: unless its `statusCode` is below 500, the outcome is unknown there.
 *
 * Refusals leave through the reply, so the app's own hooks (CORS, logs) see them.
 *
 * @example
 * ```ts
 * import { createGate } from '@farebox/gate';
 * import { sell } from '@farebox/gate/fastify';
 * import { fastify } from 'fastify';
 *
 * declare const gate: ReturnType<typeof createGate>;
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'GET /joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * const app = fastify();
 * app.get('/joke', sell(gate, terms), async () => 'Knock, knock.');
 * ```
 */
export function sell(gate: Pick<Gate, 'admit'>, terms: Terms, options: ProtectOptions = {}): FastifySale {
  const decide = createNodeDoor(gate.admit, terms, options);
  const deliveries = new WeakMap<ServerResponse, Delivery>();
  const failed = new WeakSet<ServerResponse>();
  return {
    preParsing({ raw: request, originalUrl }, reply, payload, done) {
      const { raw: response } = reply;
      watchQueued(request, response);
      if (hasBody(request) && request.readableDidRead) return done(new TypeError(bodyGone));
      decide(request, response, originalUrl).then((admission) => {
        if (admission.kind !== 'admitted') return sendRefusal(request, reply, admission);
        deliveries.set(response, admission.delivery);
        holdResponse(
          response,
          unless(() => failed.has(response), admission.delivery),
        );
        done(null, admission.body === undefined ? payload : payloadOf(admission.body));
      }, done);
    },
    onError({ raw: _request }, { raw: response }, error, done) {
      // Said here, not at the answer: by then it is a 500 like any that a handler sends on purpose.
      if (terms.effect === 'once' && !isDeliberate(error)) {
        failed.add(response);
        deliveries.get(response)?.cut(true);
      }
      done();
    },
  };
}

/** The delivery, but that nothing is charged for when the handler has failed, whatever the route charges for otherwise. */
function unless(failed: () => boolean, delivery: Delivery): Delivery {
  const { challengeId, settlement, keepsAnswer, mustFinish } = delivery;
  return {
    challengeId,
    settlement,
    keepsAnswer,
    mustFinish,
    charges: (status) => !failed() && delivery.charges(status),
    commit: (status, answer) => delivery.commit(status, answer),
    release: () => delivery.release(),
    unknown: () => delivery.unknown(),
    answered: () => delivery.answered(),
    cut: (byUpstream) => delivery.cut(byUpstream),
  };
}

/** A handler, or Fastify's validation, refuses with a status of the client's; that is an answer. */
function isDeliberate(error: Error): boolean {
  const { statusCode } = error as { statusCode?: unknown }; // Fastify's own convention for errors
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}

function sendRefusal(
  request: IncomingMessage,
  reply: FastifyReply,
  admission: Exclude<NodeAdmission, { readonly kind: 'admitted' }>,
): void {
  const { raw: response } = reply;
  if (admission.kind === 'gone') return;
  if (admission.kind === 'replayed') {
    const { delivery } = admission;
    if (response.destroyed) {
      delivery.cut();
      return;
    }
    response.once('close', () => {
      if (response.writableFinished) delivery.answered();
      else delivery.cut();
    });
  }
  const { status, headers, body } = admission.answer;
  reply.code(status);
  for (const [name, values] of grouped(headers))
    reply.header(name, values.length === 1 ? `${values[0]}` : values);
  // What is left of an unread body must not be taken for the next request.
  if (!request.complete && hasBody(request)) reply.header('connection', 'close');
  reply.send(body);
}

function grouped(headers: Answer['headers']): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), headers[i + 1] ?? '']);
  }
  return fields;
}

function payloadOf(body: Buffer): FastifyPayload {
  const payload: FastifyPayload = new Readable({
    read() {
      this.push(body);
      this.push(null);
    },
  });
  payload.receivedEncodedLength = body.length;
  return payload;
}
