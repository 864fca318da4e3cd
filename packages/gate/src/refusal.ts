import { problem, problemKind } from '@farebox/protocol';
import { type Answer, problemAnswer } from './answer.js';
import type { Binding } from './challenges.js';
import type { GateContext } from './context.js';
import type { Resource } from './resource.js';
import type { GateRequest, Terms } from './terms.js';
import type { Refused } from './verify.js';

/** One request on its way through the gate. */
export interface Passage {
  readonly request: GateRequest;
  readonly terms: Terms;
  readonly binding: Binding;
  readonly resource: Resource;
  /** The caller has other means to serve the request. */
  readonly yields: boolean;
}

/**
 * The answer to a refused credential: a fresh challenge and the reason, or the 403 of a genuine credential that was
 * issued for another resource. Nothing is consumed by it.
 */
export async function refusalAnswer(gate: GateContext, passage: Passage, why: Refused): Promise<Answer> {
  gate.onEvent({ kind: 'refused', route: passage.terms.route, reason: why.reason });
  return untoldRefusal(gate, passage, why);
}

/** As {@link refusalAnswer}, of a refusal that the events have told already. */
export async function untoldRefusal(gate: GateContext, passage: Passage, why: Refused): Promise<Answer> {
  // The seed answers 403 without a challenge: the credential still buys what it was issued for (R52).
  const elsewhere = why.reason === 'other-resource';
  const kind = elsewhere && gate.strict402 ? 'invalid-challenge' : why.kind;
  // A method's own problem type says more than the core's, where it has one.
  const own = why.type === undefined ? undefined : problemKind(why.type);
  const content = problem(own ?? kind, {
    ...(why.type === undefined ? {} : { type: why.type }),
    ...(why.detail === undefined ? {} : { detail: why.detail }),
    ...(why.code === undefined ? {} : { code: why.code }),
  });
  if (content.status !== 402) return problemAnswer(content);
  return gate.issuer.issue(passage, content);
}
