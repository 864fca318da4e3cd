import type { KeysConfig } from '../config/access-config.js';
import { type ApiKey, keyNameCharsMax, planNameDefault, scopesMax } from './key.js';
import { isScope, LABEL_PATTERN } from './scope.js';
import { drawKeyId, drawSecret, hashSecret, shownPart } from './secret.js';
import type { KeyChange, KeyStore } from './store.js';

/** What is wished of a key: of a new one, or of one that changes. */
export interface KeyWish {
  readonly name?: string | undefined;
  /** A name under `plans`. New keys: default `default`. */
  readonly plan?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Milliseconds since the epoch; null: never. New keys: default as the plan says. */
  readonly expiresMs?: number | null | undefined;
}

/** A wish that cannot be granted: one sentence that says what can. */
export class KeyWishError extends Error {
  override readonly name = 'KeyWishError';
  readonly code = 'key_wish_refused';
}

/** A key with its secret, which is to be shown now and is kept nowhere. */
export interface IssuedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/**
 * Makes a key.
 *
 * @throws {KeyWishError} for a plan that does not exist, a scope that is none, a label of no route, an end that is past, a name that is too long
 */
export async function issueKey(
  store: KeyStore,
  config: KeysConfig,
  wish: KeyWish,
  nowMs: number,
): Promise<IssuedKey> {
  checkWish(config, wish, nowMs);
  const secret = drawSecret(config.prefix);
  const { name = '', plan = planNameDefault, scopes = [] } = wish;
  const lifeMs = config.plans.get(plan)?.keyLifeMs;
  const byPlanMs = lifeMs === undefined ? undefined : nowMs + lifeMs;
  const expiresMs = wish.expiresMs === undefined ? byPlanMs : (wish.expiresMs ?? undefined);
  const id = drawKeyId();
  const made = { id, name, plan, scopes, shown: shownPart(secret), createdMs: nowMs, expiresMs };
  await store.create({ ...made, hash: hashSecret(secret) });
  const none = { revokedMs: undefined, rotatedMs: undefined, oldUntilMs: undefined, lastUsedMs: undefined };
  return { key: { ...made, ...none }, secret };
}

/**
 * Changes a key. Undefined: there is no such key.
 *
 * @throws {KeyWishError}
 */
export async function changeKey(
  store: KeyStore,
  config: KeysConfig,
  id: string,
  wish: KeyChange,
  nowMs: number,
): Promise<ApiKey | undefined> {
  checkWish(config, wish, nowMs);
  return store.change(id, wish);
}

/**
 * Gives a key another secret; the old one works on for `keepOldMs`. Undefined: there is no such key, or it is revoked.
 */
export async function rotateKey(
  store: KeyStore,
  config: KeysConfig,
  id: string,
  keepOldMs: number,
  nowMs: number,
): Promise<IssuedKey | undefined> {
  const secret = drawSecret(config.prefix);
  const rotation = {
    hash: hashSecret(secret),
    shown: shownPart(secret),
    oldUntilMs: nowMs + keepOldMs,
    nowMs,
  };
  const key = await store.rotate(id, rotation);
  return key === undefined ? undefined : { key, secret };
}

function checkWish({ plans, labels }: KeysConfig, wish: KeyWish, nowMs: number): void {
  const { name = '', plan, scopes = [], expiresMs } = wish;
  if (name.length > keyNameCharsMax || /\p{Cc}/u.test(name))
    throw new KeyWishError(`A name is at most ${keyNameCharsMax} characters in one line.`);
  if (plan !== undefined && !plans.has(plan)) {
    const known = [...plans.keys()].join(', ');
    throw new KeyWishError(`There is no plan "${plan}"; there are: ${known}. Write it under plans first.`);
  }
  if (scopes.length > scopesMax) throw new KeyWishError(`A key has at most ${scopesMax} scopes.`);
  const wrong = scopes.find((scope) => !isScope(scope));
  if (wrong !== undefined)
    throw new KeyWishError(
      `"${wrong}" is no scope; write a match such as "GET /v1/bitcoin/*", or a label of routes.`,
    );
  const nobodys = scopes.find((scope) => LABEL_PATTERN.test(scope) && !labels.has(scope));
  if (nobodys !== undefined) {
    const known = labels.size === 0 ? 'no route has any' : `there are: ${[...labels].join(', ')}`;
    throw new KeyWishError(
      `No route has the label "${nobodys}"; ${known}. Write it under labels of a route first.`,
    );
  }
  if (expiresMs !== undefined && expiresMs !== null && expiresMs <= nowMs)
    throw new KeyWishError('The end of the key is past already; name a later one.');
}
