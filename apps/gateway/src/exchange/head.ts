import { responseFields } from '../http/response-fields.js';
import { judgeFailure, judgeStatus, type Verdict } from '../upstream/failure.js';
import { isBodiless } from './client-pipe.js';
import type { PaidParts } from './paid-parts.js';

/**
 * What an upstream's header section means for the payment.
 *
 * failed   the upstream did not serve
 * charged  its answer is delivered and paid for
 * passed   its own refusal or redirection: passed on, and the payment stays a credit
 */
export type Head =
  | { readonly kind: 'failed'; readonly verdict: Verdict }
  | {
      readonly kind: 'charged' | 'passed';
      readonly fields: string[];
      /** Of the body, in bytes; undefined when it is not known. */
      readonly length: number | undefined;
    };

const unusable = new Error('unusable header section');

/** Reads a header section (flat list) of the answer to a paid request. */
export function readHead(parts: PaidParts, status: number, raw: readonly string[]): Head {
  const { delivery, request, route } = parts;
  const charged = delivery.charges(status);
  const verdict = charged ? undefined : judgeStatus(status, route.effect);
  if (verdict !== undefined) return { kind: 'failed', verdict };
  const read = responseFields(raw, true, route.headerRules.answer);
  if (read === undefined)
    return { kind: 'failed', verdict: judgeFailure('answering', unusable, route.effect) };
  const length = isBodiless(request.method, status) ? 0 : read.length;
  return { kind: charged ? 'charged' : 'passed', fields: read.fields, length };
}
