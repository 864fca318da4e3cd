import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Problem, type ProblemKind, problem } from '@farebox/protocol';
import { hasBody } from './body.js';
import { endAtTurnEnd } from './end-whole.js';

/** A complete answer: an error or a challenge of the gate itself, or a kept answer that is given again. */
export interface Answer {
  readonly status: number;
  /** Flat list: name, value, name, value, as `response.writeHead` takes it. */
  readonly headers: string[];
  readonly body: string | Buffer;
}

/** Seconds after which a client may ask again when the payment service was unavailable. */
export const retryAfterSeconds = 2;

/** Builds a problem+json answer (RFC 9457). `fields` come before the fields that every problem has. */
export function problemAnswer(content: Problem, fields: readonly string[] = []): Answer {
  return jsonAnswer(content.status, JSON.stringify(content), fields);
}

/**
 * As {@link problemAnswer}, with the id of a challenge as the last member of a content that has none. An id is
 * base64url and needs no escaping.
 */
export function challengeAnswer(content: Problem, challengeId: string, fields: readonly string[]): Answer {
  return jsonAnswer(content.status, `${openJsonOf(content)},"challengeId":"${challengeId}"}`, fields);
}

let openContent: Problem | undefined;
let openJson = '';

/** The JSON of a problem without its last brace. Nearly every 402 has the very same problem, and the text is dear. */
function openJsonOf(content: Problem): string {
  if (content !== openContent) {
    openContent = content;
    openJson = JSON.stringify(content).slice(0, -1);
  }
  return openJson;
}

function jsonAnswer(status: number, body: string, fields: readonly string[]): Answer {
  return {
    status,
    headers: [
      ...fields,
      'Cache-Control',
      'no-store',
      'Content-Type',
      'application/problem+json',
      'Content-Length',
      String(Buffer.byteLength(body)),
    ],
    body,
  };
}

/** A problem that invites the client to try again after {@link retryAfterSeconds}. */
export function retryLater(content: Problem): Answer {
  return problemAnswer(content, ['Retry-After', String(retryAfterSeconds)]);
}

/** How an upstream failed, as far as it matters for a payment. */
export type UpstreamFailure = 'unreachable' | 'refused' | 'timeout' | 'broken';

/** The kind of problem that an upstream's failure is. */
export const upstreamProblemKinds: Readonly<Record<UpstreamFailure, ProblemKind>> = {
  unreachable: 'upstream-unreachable',
  refused: 'upstream-failed',
  timeout: 'upstream-timeout',
  broken: 'upstream-failed',
};

/**
 * The answer when an upstream failed after payment: 502, 503 or 504, without a receipt. It says that the same
 * credential works again.
 */
export function upstreamFailure(failure: UpstreamFailure, challengeId: string): Answer {
  return problemAnswer(problem(upstreamProblemKinds[failure], { challengeId, retry: 'same-credential' }));
}

/** The answer when a `once` upstream was asked just now and nobody knows what it did. */
export function unknownOutcome(failure: UpstreamFailure, challengeId: string): Answer {
  const detail =
    'The request was sent on and what became of it is not known; do not pay again, ask with the same credential.';
  return problemAnswer(problem(upstreamProblemKinds[failure], { detail, challengeId, retry: 'resume' }));
}

/**
 * Sends a complete answer. When the request's body has not been read to its end, the connection closes afterwards:
 * what is left of it must not be taken for the next request. A HEAD gets the same fields and no body.
 */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const unread = !request.complete && hasBody(request);
  response.writeHead(answer.status, unread ? [...answer.headers, 'Connection', 'close'] : answer.headers);
  if (request.method === 'HEAD') response.end();
  else endAtTurnEnd(response, answer.body);
}

/** The ledger did not answer: nothing is served, nothing is used up. */
export function ledgerUnavailable(challengeId: string): Answer {
  return retryLater(
    problem('payment-service-unavailable', {
      detail: 'The payment could not be recorded, so nothing was delivered. Send the same credential again.',
      retry: 'same-credential',
      challengeId,
    }),
  );
}

/** The payment method cannot tell for now: nothing is served, nothing is used up. */
export function verificationUnavailable(challengeId: string, status: 500 | 503): Answer {
  return retryLater(
    problem('payment-service-unavailable', {
      detail: 'The payment could not be checked, so nothing was delivered. Send the same credential again.',
      retry: 'same-credential',
      challengeId,
      status,
    }),
  );
}

/** The ledger does not answer, so nobody is asked to pay. */
export function recordsUnavailable(status: 500 | 503): Answer {
  const detail =
    'Payments cannot be recorded at the moment, so none is asked for; nothing was charged, try again later.';
  return retryLater(problem('payment-service-unavailable', { detail, status }));
}

/** The answer to a second use of a credential while the first is at work. */
export function inProgress(challengeId: string): Answer {
  return problemAnswer(problem('in-progress', { challengeId }), ['Retry-After', '1']);
}

/** The answer when a `once` upstream was asked and nobody knows what it did. */
export function outcomeUnknown(challengeId: string): Answer {
  return problemAnswer(problem('outcome-unknown', { challengeId }));
}

/** The answer was delivered and got lost, is not kept, and its upstream must not be asked twice. */
export function answerLost(challengeId: string): Answer {
  return problemAnswer(problem('answer-lost', { challengeId }));
}

/** The upstream was tried in vain as often as it may be. */
export function attemptsExhausted(challengeId: string): Answer {
  return problemAnswer(problem('attempts-exhausted', { challengeId }));
}
