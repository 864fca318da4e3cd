import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Effect, UpstreamFailure } from '@farebox/gate';
import { type Problem, type ProblemKind, problem } from '@farebox/protocol';

/** Builds a problem+json answer (RFC 9457); `fields` is a flat list of further fields. */
export function problemAnswer(content: Problem, fields: readonly string[] = []): Answer {
  const body = JSON.stringify(content);
  return {
    status: content.status,
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

/** A problem that has no type of its own (RFC 9457 §4.2.1): its title is the status's name. */
export function plainProblem(
  status: number,
  title: string,
  detail: string,
  fields: readonly string[] = [],
  retry: 'safe' | 'never' = 'never',
): Answer {
  return problemAnswer({ type: 'about:blank', title, status, detail, retry }, fields);
}

const FAILURE_KINDS: Readonly<Record<UpstreamFailure, ProblemKind>> = {
  unreachable: 'upstream-unreachable',
  refused: 'upstream-failed',
  timeout: 'upstream-timeout',
  broken: 'upstream-failed',
};

/** The answer when the upstream of a free route failed. Nothing was paid, and none of it is said. */
export function freeFailure(failure: UpstreamFailure, effect: Effect): Answer {
  const detail = 'The service behind did not answer; try again later.';
  return problemAnswer(
    problem(FAILURE_KINDS[failure], { detail, retry: effect === 'once' ? 'never' : 'safe' }),
  );
}

/** The answer when a `once` upstream was asked and nobody knows what it did. */
export function unknownOutcome(failure: UpstreamFailure, challengeId: string): Answer {
  const detail =
    'The request was sent on and what became of it is not known; do not pay again, ask with the same credential.';
  return problemAnswer(problem(FAILURE_KINDS[failure], { detail, challengeId, retry: 'resume' }));
}

/**
 * Sends a complete answer. When the request's body has not been read to its end, the connection closes afterwards:
 * what is left of it must not be taken for the next request.
 */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const unread = !request.complete && hasBody(request);
  const headers = unread ? [...answer.headers, 'Connection', 'close'] : answer.headers;
  response.writeHead(answer.status, headers);
  if (request.method === 'HEAD') response.end();
  else response.end(answer.body);
}

/** True when a request announces content. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}
