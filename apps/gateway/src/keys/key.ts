/** An API key, without what opens anything. Times are milliseconds since the epoch. */
export interface ApiKey {
  /** `key_…`: its name in commands, logs and counters. It opens nothing and stays through rotations. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** The beginning of the secret, for recognition: `fb_live_3Fg7`. */
  readonly shown: string;
  /** A name under `plans`. */
  readonly plan: string;
  /** What it opens: matches such as `GET /v1/bitcoin/*`, and labels of routes. Empty: every route. */
  readonly scopes: readonly string[];
  readonly createdMs: number;
  /** It opens nothing from then on. */
  readonly expiresMs: number | undefined;
  readonly revokedMs: number | undefined;
  /** When it was given another secret last. */
  readonly rotatedMs: number | undefined;
  /** Until when the secret before the last rotation still works. */
  readonly oldUntilMs: number | undefined;
  /** Written now and then, not at each use. */
  readonly lastUsedMs: number | undefined;
}

/** A key with what is kept of its secrets. */
export interface StoredKey extends ApiKey {
  readonly hash: string;
  readonly oldHash: string | undefined;
}

/** How a key stands. */
export type KeyState = 'active' | 'expired' | 'revoked';

/** How a key stands at a moment. */
export function keyStateAt(key: ApiKey, nowMs: number): KeyState {
  if (key.revokedMs !== undefined) return 'revoked';
  return key.expiresMs !== undefined && nowMs >= key.expiresMs ? 'expired' : 'active';
}

/** The plan of a key that names none. */
export const planNameDefault = 'default';
/** Longest name of a key, in characters. */
export const keyNameCharsMax = 100;
/** Most scopes of a key. */
export const scopesMax = 64;
