import type { Problem } from '@farebox/protocol';
import type { Plan } from '../limits/window.js';
import type { ApiKey } from './key.js';

/** What is wrong with a key, as a problem (RFC 9457). The challenges come with it, for who would rather pay. */

/** 401: the key is not one of ours, or is revoked. Which of the two is nobody's business. */
export const unknownKey: Problem = {
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  detail: 'The API key is not valid; send another one, or leave it out and pay one of the challenges.',
  retry: 'never',
};

/** 401: whoever holds a key may know that it has expired. */
export const expiredKey: Problem = {
  ...unknownKey,
  detail: 'The API key has expired; send another one, or leave it out and pay one of the challenges.',
};

/** 403: a good key that does not open this. */
export const outOfScope: Problem = {
  type: 'about:blank',
  title: 'Forbidden',
  status: 403,
  detail:
    'The API key does not open this resource; send another one, or leave it out and pay one of the challenges.',
  retry: 'never',
};

/** 403: the plan is not sold here any more. */
export const planGone: Problem = {
  ...outOfScope,
  detail:
    "The API key's plan does not exist any more; ask for another one, or leave it out and pay one of the challenges.",
};

/** 429: the window of a plan has nothing left. */
export function overLimit(plan: Plan, window: string, seconds: string): Problem {
  return {
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    detail: `The API key has used up "${window}" of its plan ${plan.name}; wait ${seconds} s, or pay one of the challenges.`,
    retry: 'safe',
  };
}

/** 429: as many requests as the plan allows are going on. */
export function tooManyAtOnce(plan: Plan, most: number): Problem {
  return {
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    detail: `The API key has ${most} requests going on, as many as its plan ${plan.name} allows; wait for one to end, or pay one of the challenges.`,
    retry: 'safe',
  };
}

/** 429: too many wrong keys came from this address. */
export const tooManyStrangers: Problem = {
  type: 'about:blank',
  title: 'Too Many Requests',
  status: 429,
  detail:
    'Too many keys that are not valid came from here; wait as long as Retry-After says, or leave the key out.',
  retry: 'safe',
};

/** 503: the store of keys does not answer. */
export const keysUnavailable: Problem = {
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  detail: 'API keys cannot be checked at the moment; try again, or leave the key out and pay.',
  retry: 'safe',
};

/** A challenge for the field in which keys are expected: RFC 9110 §15.5.2 asks for one with every 401. */
export function keyChallenge(realm: string, header: string): string {
  const quoted = realm.replaceAll(/["\\]/g, '\\$&');
  return `ApiKey realm="${quoted}", in="header", name="${header}"`;
}

/** What an event says about a key. Its id opens nothing. */
export type KeyRefusal =
  | 'unknown'
  | 'expired'
  | 'out-of-scope'
  | 'plan-gone'
  | 'over-limit'
  | 'too-many-at-once'
  | 'too-many-strangers'
  | 'unavailable';

/** What was done about a key or a free request, for logs and metrics. */
export type AccessEvent =
  | { readonly kind: 'key-served'; readonly route: string; readonly key: ApiKey['id']; readonly plan: string }
  | { readonly kind: 'key-refused'; readonly route: string; readonly reason: KeyRefusal }
  | { readonly kind: 'free-served'; readonly route: string };
