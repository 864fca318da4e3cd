import type { Effect, UpstreamFailure } from '@farebox/gate';

/** How far a request had come when its exchange failed. */
export type Stage =
  /** It never left: no connection. */
  | 'unsent'
  /** It was put on a connection, and no answer began. */
  | 'sent'
  /** The answer began, and broke off. */
  | 'answering';

/** What a failure means for the payment. */
export interface Verdict {
  /** `release`: the same credential works again. `unknown`: a `once` upstream may have acted; nothing is repeated. */
  readonly payment: 'release' | 'unknown';
  /** What the client is told. */
  readonly failure: UpstreamFailure;
}

/**
 * The table of failures. Repeating a `once` request that may have been executed is the one thing that cannot be
 * undone, so everything that is not certain is `unknown` there; a safe or idempotent request may always be repeated.
 *
 * | stage     | error   | once                | safe, idempotent     |
 * |-----------|---------|---------------------|----------------------|
 * | unsent    | timeout | release unreachable | release unreachable  |
 * | unsent    | other   | release unreachable | release unreachable  |
 * | sent      | timeout | unknown timeout     | release timeout      |
 * | sent      | other   | unknown broken      | release broken       |
 * | answering | timeout | unknown timeout     | release timeout      |
 * | answering | other   | unknown broken      | release broken       |
 */
export function judgeFailure(stage: Stage, error: Error, effect: Effect): Verdict {
  if (stage === 'unsent') return { payment: 'release', failure: 'unreachable' };
  return {
    payment: effect === 'once' ? 'unknown' : 'release',
    failure: isTimeout(error) ? 'timeout' : 'broken',
  };
}

/**
 * The table of statuses that are the upstream's failure. Undefined: the answer is the upstream's word and passes.
 *
 * | status        | once            | safe, idempotent | because                                            |
 * |---------------|-----------------|------------------|----------------------------------------------------|
 * | 2xx           | –               | –                | delivered                                          |
 * | 3xx, 4xx      | –               | –                | passes, released                                   |
 * | 402           | release refused | release refused  | 402 is the gateway's alone: a client would pay again |
 * | 502           | unknown refused | release refused  | a proxy between does not know either               |
 * | 503           | release unreachable | release unreachable | it says that it did not serve                |
 * | 504           | unknown timeout | release timeout  | a proxy between does not know either               |
 * | other 5xx     | release refused | release refused  | it answered: it failed                             |
 */
export function judgeStatus(status: number, effect: Effect): Verdict | undefined {
  if (status < 400) return undefined;
  if (status === 402) return { payment: 'release', failure: 'refused' };
  if (status < 500) return undefined;
  const payment = effect === 'once' && (status === 502 || status === 504) ? 'unknown' : 'release';
  if (status === 503) return { payment, failure: 'unreachable' };
  return { payment, failure: status === 504 ? 'timeout' : 'refused' };
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'upstream_connect_timeout',
  'upstream_headers_timeout',
  'upstream_idle_timeout',
  'upstream_total_timeout',
  'ETIMEDOUT',
]);
const BROKEN_CONNECTION: ReadonlySet<string> = new Set(['upstream_closed', 'ECONNRESET', 'EPIPE']);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function isTimeout(error: Error): boolean {
  return TIMEOUTS.has(codeOf(error));
}

/**
 * True when the upstream closed a reused connection just as the request went out: worth one more try, on requests
 * that may be repeated.
 */
export function isStaleConnection(stage: Stage, error: Error): boolean {
  return stage === 'sent' && BROKEN_CONNECTION.has(codeOf(error));
}
