import type { Effect } from '@farebox/gate';
import { type Answer, problemAnswer, type UpstreamFailure, upstreamProblemKinds } from '@farebox/gate';
import { problem } from '@farebox/protocol';

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

/** The answer when the upstream of a free route failed. Nothing was paid, and none of it is said. */
export function freeFailure(failure: UpstreamFailure, effect: Effect): Answer {
  const detail = 'The service behind did not answer; try again later.';
  const retry = effect === 'once' ? 'never' : 'safe';
  return problemAnswer(problem(upstreamProblemKinds[failure], { detail, retry }));
}
