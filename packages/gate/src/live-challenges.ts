import { hash } from 'node:crypto';
import type { Answer } from './answer.js';

/** Challenges that may be sent: the header fields of one 402, without its body. */
export interface Issued {
  readonly kind: 'issued';
  /** Flat list of `WWW-Authenticate` fields. */
  readonly fields: readonly string[];
  /** The last one's id. */
  readonly challengeId: string;
  /** The ids of all of them. */
  readonly ids: readonly string[];
  /** When the first of them expires, milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** No challenge, and the answer that says why. */
export interface NotIssued {
  readonly kind: 'not-issued';
  readonly answer: Answer;
}

/** Most 402 answers that are remembered for their `Idempotency-Key`. The oldest makes room; about 2 KB each. */
export const liveChallengesMax = 10_000;
/** A challenge with less time left is not given again: it could expire while it is being paid. Milliseconds. */
export const remainingLifeMsMin = 10_000;

/** What makes two unpaid requests the same one. */
export interface Sameness {
  readonly client: string;
  readonly idempotencyKey: string;
  readonly route: string;
  /** Names method, path and query. */
  readonly opaque: string;
  readonly digest: string | undefined;
  readonly acceptPayment: string | undefined;
}

/** The key of {@link LiveChallenges}, of one length whatever a client sends. */
export function samenessKey(same: Sameness): string {
  const { client, idempotencyKey, route, opaque, digest = '', acceptPayment = '' } = same;
  return hash(
    'sha256',
    JSON.stringify([client, idempotencyKey, route, opaque, digest, acceptPayment]),
    'base64url',
  );
}

interface Live {
  readonly issued: Promise<Issued | NotIssued>;
  /** Until when it is given again. */
  untilMs: number;
  ids: readonly string[];
}

/**
 * Gives the same challenge again to a client that asks for the same thing with the same `Idempotency-Key`, while it can
 * be paid and has not been. Asking again then costs no invoice, and a client that lost the first 402 does not pay twice.
 */
export class LiveChallenges {
  readonly #live = new Map<string, Live>();
  readonly #keys = new Map<string, string>();

  /** How many are remembered. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * The challenges for `key` that are live, or what `issue` makes. Requests that come while it is being made share it; what
   * comes to nothing is not remembered.
   */
  share(key: string, nowMs: number, issue: () => Promise<Issued | NotIssued>): Promise<Issued | NotIssued> {
    const known = this.#live.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.issued;
    this.#forget(key);
    const live: Live = { issued: issue(), untilMs: Number.POSITIVE_INFINITY, ids: [] };
    this.#live.set(key, live);
    for (const oldest of this.#live.keys()) {
      if (this.#live.size <= liveChallengesMax) break;
      this.#forget(oldest);
    }
    live.issued.then(
      (made) => this.#made(key, live, made, nowMs),
      () => this.#forget(key, live),
    );
    return live.issued;
  }

  /** A challenge was paid: it is given to nobody any more. */
  spent(challengeId: string): void {
    if (this.#keys.size === 0) return;
    const key = this.#keys.get(challengeId);
    if (key !== undefined) this.#forget(key);
  }

  #made(key: string, live: Live, made: Issued | NotIssued, nowMs: number): void {
    if (made.kind === 'not-issued') {
      this.#forget(key, live);
      return;
    }
    if (this.#live.get(key) !== live) return;
    live.untilMs = made.expiresMs - Math.min(remainingLifeMsMin, (made.expiresMs - nowMs) / 4);
    live.ids = made.ids;
    for (const id of made.ids) this.#keys.set(id, key);
  }

  #forget(key: string, only?: Live): void {
    const live = this.#live.get(key);
    if (live === undefined || (only !== undefined && only !== live)) return;
    this.#live.delete(key);
    for (const id of live.ids) this.#keys.delete(id);
  }
}
