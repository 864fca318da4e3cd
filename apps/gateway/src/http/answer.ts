import type { Effect } from '@farebox/gate';
import { type Answer, problemAnswer, type UpstreamFailure, upstreamProblemKinds } from '@farebox/gate';
import { problem } from '@farebox/protocol';

/** A problem that has no type of its own (RFC 9457 §4.2.1): its title is the status's name. */
export function plainProblem(
  status: number,
  title: string,
  detail: string,
  fields: readonly string[] = [],
  retry: 'safe' | 'same-credential' | 'never' = 'never',
): Answer {
  return problemAnswer({ type: 'about:blank', title, status, detail, retry }, fields);
}

/** Title and detail of the 431 (RFC 6585 §5). A payment credential is measured by itself: whoever could ask can also present. */
export const headerTooLargeTitle = 'Request Header Fields Too Large';
export const headerTooLargeDetail = (headerBytesMax: number): string =>
  `The header section is larger than ${headerBytesMax} bytes, a payment credential aside.`;

/** The answer when the upstream of a free route failed. Nothing was paid, and none of it is said. */
export function freeFailure(failure: UpstreamFailure, effect: Effect): Answer {
  const detail = 'The service behind did not answer; try again later.';
  const retry = effect === 'once' ? 'never' : 'safe';
  return problemAnswer(problem(upstreamProblemKinds[failure], { detail, retry }));
}
