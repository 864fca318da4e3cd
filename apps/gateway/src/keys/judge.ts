import { createMintBudget, type MintBudget } from '@farebox/gate';
import type { Problem } from '@farebox/protocol';
import type { KeysConfig } from '../config/access-config.js';
import type { Concurrency } from '../limits/concurrency.js';
import { rateLimitFields, retryAfterOf } from '../limits/fields.js';
import type { Limiter } from '../limits/limiter.js';
import type { LimitWindow, Plan } from '../limits/window.js';
import { keyStateAt, type StoredKey } from './key.js';
import type { KeyCache } from './key-cache.js';
import { equalHashes } from './key-cache.js';
import type { LastUse } from './last-use.js';
import {
  expiredKey,
  type KeyRefusal,
  keyChallenge,
  keysUnavailable,
  outOfScope,
  overLimit,
  planGone,
  tooManyAtOnce,
  tooManyStrangers,
  unknownKey,
} from './problems.js';
import { type Opens, readScopes } from './scope.js';
import { hashSecret } from './secret.js';
import { KeyStoreUnavailable } from './store.js';

/** How many keys that turn out to be nobody's may be looked up: for each client address, and for all of them. */
export const strangerBudget = {
  client: { perSecond: 1, burst: 20 },
  global: { perSecond: 200, burst: 1_000 },
};

/** Something that came with a key. */
export interface KeyedRequest {
  readonly secret: string;
  readonly method: string;
  readonly path: string;
  readonly labels: readonly string[];
  /** Who asks, for the limit on wrong keys. */
  readonly client: string | undefined;
  /** Requests that are free of the plan, as a window of their own, and what they are counted under. */
  readonly free: { readonly window: LimitWindow; readonly subject: string } | undefined;
}

/** What a key comes to. */
export type KeyVerdict =
  | {
      readonly ok: true;
      readonly key: StoredKey;
      /** For the answer: flat list. */
      readonly fields: readonly string[];
      /** To be called once the request is over. */
      readonly done: () => void;
    }
  | {
      readonly ok: false;
      readonly reason: KeyRefusal;
      readonly problem: Problem;
      readonly fields: readonly string[];
    };

/** What judging needs, for as long as a gateway lives. */
export interface KeyRoom {
  readonly cache: KeyCache;
  readonly limiter: Limiter;
  readonly lastUse: LastUse;
  readonly concurrency: Concurrency;
  readonly strangers: MintBudget;
  /** Scopes by key, read once for each state of a key. */
  readonly scopes: WeakMap<StoredKey, Opens>;
}

/** Puts together what is kept between requests and across changes of the configuration. */
export function createKeyRoom(
  parts: Pick<KeyRoom, 'cache' | 'limiter' | 'concurrency' | 'lastUse'>,
): KeyRoom {
  return { ...parts, strangers: createMintBudget(strangerBudget), scopes: new WeakMap() };
}

/**
 * Judges a key, cheapest check first: known → not revoked or expired → in scope → plan → concurrency → windows. Only the
 * last takes anything, so a request that is refused before has cost its holder nothing.
 */
export async function judgeKey(
  room: KeyRoom,
  config: KeysConfig & { readonly realm: string },
  request: KeyedRequest,
  nowMs: number,
): Promise<KeyVerdict> {
  const found = await lookUp(room, request, nowMs);
  if ('ok' in found) return withChallenge(found, config);
  const { key } = found;
  const state = stateOf(key, request.secret, nowMs);
  if (state !== 'active') {
    const verdict = state === 'expired' ? refused('expired', expiredKey) : refused('unknown', unknownKey);
    return withChallenge(verdict, config);
  }
  if (!opensOf(room, key)(request)) return refused('out-of-scope', outOfScope);
  const plan = config.plans.get(key.plan);
  if (plan === undefined) return refused('plan-gone', planGone);
  return takeLimits(room, request, key, plan, nowMs);
}

async function lookUp(
  { cache, strangers }: KeyRoom,
  { secret, client }: KeyedRequest,
  nowMs: number,
): Promise<{ readonly key: StoredKey } | (KeyVerdict & { ok: false })> {
  const known = cache.isFamiliar(secret);
  if (!known) {
    const grant = strangers.take(client, nowMs);
    if (!grant.ok)
      return refused('too-many-strangers', tooManyStrangers, ['Retry-After', retryAfterOf(grant.waitMs)]);
  }
  try {
    const key = await cache.find(secret);
    if (key === undefined) return refused('unknown', unknownKey);
    // It was somebody's after all.
    if (!known) strangers.giveBack(client, nowMs);
    return { key };
  } catch (error) {
    if (!known) strangers.giveBack(client, nowMs);
    if (!(error instanceof KeyStoreUnavailable)) throw error;
    return refused('unavailable', keysUnavailable, ['Retry-After', '2']);
  }
}

/** A secret that was rotated away opens for as long as was said, the key's other rules aside. */
function stateOf(key: StoredKey, secret: string, nowMs: number): 'active' | 'expired' | 'revoked' {
  const state = keyStateAt(key, nowMs);
  if (state !== 'active') return state;
  const current = equalHashes(key.hash, hashSecret(secret));
  return current || nowMs < (key.oldUntilMs ?? 0) ? 'active' : 'revoked';
}

function opensOf({ scopes }: KeyRoom, key: StoredKey): Opens {
  const opens = scopes.get(key) ?? readScopes(key.scopes);
  scopes.set(key, opens);
  return opens;
}

async function takeLimits(
  room: KeyRoom,
  request: KeyedRequest,
  key: StoredKey,
  plan: Plan,
  nowMs: number,
): Promise<KeyVerdict> {
  const { concurrency, limiter, lastUse } = room;
  const most = plan.concurrency;
  if (most !== undefined && !(await concurrency.enter(key.id, most))) {
    const fields = [...rateLimitFields(plan.windows, [], most), 'Retry-After', '1'];
    return refused('too-many-at-once', tooManyAtOnce(plan, most), fields);
  }
  const done = (): void => {
    if (most !== undefined) concurrency.leave(key.id);
  };
  let served = false;
  try {
    lastUse.note(key.id, nowMs);
    const { free } = request;
    if (free !== undefined) {
      const taken = await limiter.take(`${free.subject}|${key.id}`, [free.window], nowMs);
      if (taken.ok) {
        served = true;
        return { ok: true, key, done, fields: rateLimitFields([free.window], taken.states) };
      }
    }
    const taken = await limiter.take(key.id, plan.windows, nowMs);
    const fields = rateLimitFields(plan.windows, taken.states, most);
    if (taken.ok) {
      served = true;
      return { ok: true, key, done, fields };
    }
    const seconds = retryAfterOf(taken.by.resetMs);
    fields.push('Retry-After', seconds);
    return refused('over-limit', overLimit(plan, taken.by.window.name, seconds), fields);
  } finally {
    if (!served) done();
  }
}

function refused(
  reason: KeyRefusal,
  problem: Problem,
  fields: readonly string[] = [],
): KeyVerdict & { ok: false } {
  return { ok: false, reason, problem, fields };
}

function withChallenge(
  verdict: KeyVerdict & { ok: false },
  { realm, header }: KeysConfig & { readonly realm: string },
): KeyVerdict {
  if (verdict.problem.status !== 401) return verdict;
  // Before the payment challenges, of which some clients read the last.
  return { ...verdict, fields: ['WWW-Authenticate', keyChallenge(realm, header), ...verdict.fields] };
}
