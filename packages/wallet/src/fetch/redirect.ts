import { type Answer, answerHeader } from '../answer.js';
import { WalletError } from '../errors.js';
import type { PayableRequest } from '../request.js';
import { plainText } from '../seller-problem.js';

/** Most redirects of one call that are followed. */
export const redirectsMax = 5;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const sameMethodStatuses = new Set([307, 308]);

/**
 * What to ask instead, when an unpaid answer is a redirect; undefined when it is none. Followed within one origin only,
 * and only where method and body stay as they are: headers of the caller may be secrets, a policy allows origins, and
 * what is bought must be what was asked for. After a payment nothing is followed at all; that is not decided here.
 *
 * Throws {@link WalletError} `redirect_refused`.
 */
export function redirected(
  request: PayableRequest,
  answer: Answer,
  mode: NonNullable<RequestInit['redirect']>,
  followed: number,
): PayableRequest | undefined {
  // What a browser shows of a redirect when it was told not to follow it: nothing.
  if (answer.status === 0) throw refused('The seller redirects, and this browser does not tell where to');
  const location = answerHeader(answer, 'location');
  if (mode === 'manual' || location === undefined || !redirectStatuses.has(answer.status)) return undefined;
  const shown = plainText(location);
  if (mode === 'error') throw refused(`The seller redirects to ${shown}, and redirect is "error"`);
  const target = resolve(location, request.url);
  if (target === undefined || target.origin !== new URL(request.url).origin)
    throw refused(`The seller redirects to another origin, ${shown}; ask there yourself if that is right`);
  const method = (request.method ?? 'GET').toUpperCase();
  if (method !== 'GET' && method !== 'HEAD' && !sameMethodStatuses.has(answer.status))
    throw refused(`The seller redirects a ${method} to ${shown}, which would lose its body`);
  if (followed >= redirectsMax) throw refused(`The seller redirects more than ${redirectsMax} times`);
  return { ...request, url: target.href };
}

function resolve(location: string, base: string): URL | undefined {
  try {
    const url = new URL(location, base);
    return url.username === '' && url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

function refused(what: string): WalletError {
  return new WalletError('redirect_refused', `${what}. It was not followed and nothing was paid.`);
}
