import type { Effect, UpstreamFailure } from '@farebox/gate';
import type { Failure } from './upstream.js';

/** What a failure means for the payment, and what the client is told. */
export interface Verdict {
  readonly payment: 'release' | 'unknown';
  readonly failure: UpstreamFailure;
}

/** The gateway's table of failures (`judgeFailure` in `apps/gateway/src/upstream/failure.ts`). */
export function verdictOfFailure(failure: Failure, effect: Effect): Verdict {
  if (failure === 'unsent') return { payment: 'release', failure: 'unreachable' };
  return { payment: effect === 'once' ? 'unknown' : 'release', failure };
}

/** The gateway's table of statuses (`judgeStatus`, same place). Undefined: the answer passes. */
export function verdictOfStatus(status: number, effect: Effect): Verdict | undefined {
  if (status === 402) return { payment: 'release', failure: 'refused' };
  if (status < 500) return undefined;
  const payment = effect === 'once' && (status === 502 || status === 504) ? 'unknown' : 'release';
  if (status === 503) return { payment, failure: 'unreachable' };
  return { payment, failure: status === 504 ? 'timeout' : 'refused' };
}
