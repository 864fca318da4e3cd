import { type Problem, type ProblemKind, problem } from '@farebox/protocol';

/** A complete answer of the gate itself: an error or a challenge. Never the resource. */
export interface Answer {
  readonly status: number;
  /** Flat list: name, value, name, value, as `response.writeHead` takes it. */
  readonly headers: string[];
  readonly body: string;
}

/** Seconds after which a client may ask again when the payment service was unavailable. */
export const retryAfterSeconds = 2;

/** Builds a problem+json answer (RFC 9457). `fields` come before the fields that every problem has. */
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

/** A problem that invites the client to try again after {@link retryAfterSeconds}. */
export function retryLater(content: Problem): Answer {
  return problemAnswer(content, ['Retry-After', String(retryAfterSeconds)]);
}

/** How an upstream failed, as far as it matters for a payment. */
export type UpstreamFailure = 'unreachable' | 'refused' | 'timeout' | 'broken';

const failureKinds: Readonly<Record<UpstreamFailure, ProblemKind>> = {
  unreachable: 'upstream-unreachable',
  refused: 'upstream-failed',
  timeout: 'upstream-timeout',
  broken: 'upstream-failed',
};

/**
 * The answer when an upstream failed after payment: 502, 503 or 504, without a receipt. With a challenge id it says
 * that the same credential works again.
 */
export function upstreamFailure(failure: UpstreamFailure, challengeId?: string): Answer {
  return problemAnswer(
    problem(
      failureKinds[failure],
      challengeId === undefined ? {} : { challengeId, retry: 'same-credential' },
    ),
  );
}
