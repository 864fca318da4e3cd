/**
 * What a client may do after a failure without risking money.
 *
 * - `safe`: no payment is at stake; the request may be repeated from the start.
 * - `same-credential`: the payment still counts; present the same credential again and do not pay anew.
 * - `resume`: whether the request was carried out is not known; ask again with the same credential and never pay anew.
 * - `never`: repeating this does not help; the detail says what does.
 */
export type Retry = 'safe' | 'same-credential' | 'resume' | 'never';

/** Problem Details (RFC 9457), with the members that Farebox adds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly challengeId?: string;
  readonly retry?: Retry;
  readonly [member: string]: unknown;
}

/** Base of the problem types of the Payment scheme (draft-httpauth-payment-00 §"Error Response Format"). */
export const PROBLEM_BASE = 'https://paymentauth.org/problems/';

/** Base of the problem types that the specifications do not have and Farebox defines. */
export const FAREBOX_PROBLEM_BASE = 'https://farebox.dev/problems/';

interface Entry {
  readonly title: string;
  readonly status: number;
  readonly retry: Retry;
  readonly detail: string;
}

/** core §"Error Codes", and the 403 of core §"Status Codes" that it gives no type. */
const coreProblems = {
  'payment-required': {
    title: 'Payment Required',
    status: 402,
    retry: 'safe',
    detail: 'Pay one of the challenges in WWW-Authenticate, then repeat the request with the credential.',
  },
  'payment-insufficient': {
    title: 'Payment Insufficient',
    status: 402,
    retry: 'never',
    detail: 'The payment is smaller than the price; pay the fresh challenge in full.',
  },
  'payment-expired': {
    title: 'Payment Expired',
    status: 402,
    retry: 'never',
    detail: 'The challenge has expired; pay the fresh one before its expires time.',
  },
  'verification-failed': {
    title: 'Payment Verification Failed',
    status: 402,
    retry: 'never',
    detail: 'The proof does not prove the payment; present the right proof, or pay the fresh challenge.',
  },
  'method-unsupported': {
    title: 'Method Unsupported',
    status: 400,
    retry: 'never',
    detail: 'This payment method is not accepted here; repeat without a credential to see those that are.',
  },
  'malformed-credential': {
    title: 'Malformed Credential',
    status: 402,
    retry: 'never',
    detail: 'The credential cannot be read; encode it as base64url JSON with challenge and payload.',
  },
  'invalid-challenge': {
    title: 'Invalid Challenge',
    status: 402,
    retry: 'never',
    detail: 'The challenge is unknown, expired or already used; pay the fresh one.',
  },
  'invalid-credential': {
    title: 'Forbidden',
    status: 403,
    retry: 'never',
    detail: 'The credential was issued for another resource; present it there.',
  },
} as const satisfies Record<string, Entry>;

/** draft-lightning-charge-00 §"Error Responses". */
const lightningProblems = {
  'lightning/malformed-credential': {
    title: 'Malformed Credential',
    status: 402,
    retry: 'never',
    detail: 'The credential needs a challenge and a payload whose preimage is 64 lower-case hex digits.',
  },
  'lightning/unknown-challenge': {
    title: 'Unknown Challenge',
    status: 402,
    retry: 'never',
    detail: 'The challenge was not issued here or is already used; pay the fresh one.',
  },
  'lightning/invalid-preimage': {
    title: 'Invalid Preimage',
    status: 402,
    retry: 'never',
    detail: 'The SHA-256 of the preimage is not the payment hash; present the preimage of this invoice.',
  },
  'lightning/expired-invoice': {
    title: 'Expired Invoice',
    status: 402,
    retry: 'never',
    detail: 'The invoice or its challenge has expired; pay the fresh one in time.',
  },
} as const satisfies Record<string, Entry>;

/** What the specifications leave to the server. */
const fareboxProblems = {
  'bad-request': {
    title: 'Bad Request',
    status: 400,
    retry: 'never',
    detail: 'The request cannot be read in one way only; send one Payment credential and a plain path.',
  },
  'not-found': {
    title: 'Not Found',
    status: 404,
    retry: 'never',
    detail: 'There is no such resource here; check the method and the path.',
  },
  'in-progress': {
    title: 'In Progress',
    status: 409,
    retry: 'same-credential',
    detail: 'This credential is being used by another request; wait for that, then present it again.',
  },
  'outcome-unknown': {
    title: 'Outcome Unknown',
    status: 409,
    retry: 'resume',
    detail: 'The request was sent on and its outcome is not known; do not pay again, ask the seller.',
  },
  'answer-lost': {
    title: 'Answer Lost',
    status: 409,
    retry: 'never',
    detail:
      'The request was carried out and its answer was lost and not kept; do not pay again, ask the seller.',
  },
  'attempts-exhausted': {
    title: 'Attempts Exhausted',
    status: 409,
    retry: 'never',
    detail: 'The service behind failed too often for this payment; it is still owed to you, ask the seller.',
  },
  'idempotency-key-reused': {
    title: 'Idempotency Key Reused',
    status: 422,
    retry: 'never',
    detail: 'This Idempotency-Key came with another request; use a key of its own for each request.',
  },
  'body-too-large': {
    title: 'Body Too Large',
    status: 413,
    retry: 'never',
    detail: 'The body is larger than this resource takes; send a smaller one.',
  },
  'too-many-requests': {
    title: 'Too Many Requests',
    status: 429,
    retry: 'safe',
    detail: 'There were too many requests from here; wait as long as Retry-After says.',
  },
  'internal-error': {
    title: 'Internal Error',
    status: 500,
    retry: 'same-credential',
    detail: 'Something failed here; no payment is lost, repeat with the same credential if there is one.',
  },
  'payment-service-unavailable': {
    title: 'Payment service unavailable',
    status: 500,
    retry: 'safe',
    detail: 'No payment can be taken at the moment; nothing was charged, try again later.',
  },
  'upstream-failed': {
    title: 'Upstream Failed',
    status: 502,
    retry: 'same-credential',
    detail: 'The service behind failed; the payment still counts, present the same credential again.',
  },
  'upstream-unreachable': {
    title: 'Upstream Unreachable',
    status: 503,
    retry: 'same-credential',
    detail:
      'The service behind cannot be reached; the payment still counts, present the same credential later.',
  },
  'upstream-timeout': {
    title: 'Upstream Timeout',
    status: 504,
    retry: 'same-credential',
    detail: 'The service behind took too long; the payment still counts, present the same credential again.',
  },
} as const satisfies Record<string, Entry>;

/** The last part of a problem type's URI. */
export type ProblemKind =
  | keyof typeof coreProblems
  | keyof typeof lightningProblems
  | keyof typeof fareboxProblems;

/** One row of {@link problemTable}. */
export interface ProblemDefinition extends Entry {
  readonly kind: ProblemKind;
  /** The URI that identifies the problem. */
  readonly type: string;
}

function define(base: string, entries: Record<string, Entry>): ProblemDefinition[] {
  return Object.entries(entries).map(([kind, entry]) => ({
    ...entry,
    // The keys of the three tables are what ProblemKind is made of; Object.entries widens them to string.
    kind: kind as ProblemKind,
    type: base + kind,
  }));
}

/** Every problem type that this package knows, with its title, status, default detail and advice. */
export const problemTable: readonly ProblemDefinition[] = [
  ...define(PROBLEM_BASE, coreProblems),
  ...define(PROBLEM_BASE, lightningProblems),
  ...define(FAREBOX_PROBLEM_BASE, fareboxProblems),
];

/** Each problem as it is without members of its own: one object for all, so that its JSON can be kept. */
const byKind: ReadonlyMap<ProblemKind, Problem> = new Map(
  problemTable.map(({ kind, type, title, status, detail, retry }) => [
    kind,
    Object.freeze({ type, title, status, detail, retry }),
  ]),
);
const byType = new Map(problemTable.map((definition) => [definition.type, definition.kind]));

/** Members that replace or extend those of the table. */
export interface ProblemMembers {
  /** One sentence for people that says what to do next. Never holds a credential, a preimage or a key. */
  readonly detail?: string;
  readonly challengeId?: string;
  readonly retry?: Retry;
  /** Replaces the status, where the same problem is answered differently (500 or 503). */
  readonly status?: number;
  readonly [member: string]: unknown;
}

/**
 * Makes a problem (RFC 9457) of a known kind: type, title, status, detail and retry from the table, `members` over
 * them. Serialise it with `JSON.stringify` and send it as `application/problem+json`. Without members, the same frozen
 * object every time.
 *
 * A payment method's own problem type that the table does not have goes in as `members.type` and `members.title`.
 *
 * @throws TypeError for a kind that does not exist.
 *
 * @example
 * ```ts
 * import { problem } from '@farebox/protocol';
 *
 * problem('lightning/invalid-preimage', { challengeId: 'kM9xPqWvT2nJrHsY4aDfEb' });
 * // { type: 'https://paymentauth.org/problems/lightning/invalid-preimage', title: 'Invalid Preimage', status: 402, … }
 * ```
 */
export function problem(kind: ProblemKind, members?: ProblemMembers): Problem {
  const bare = byKind.get(kind);
  if (bare === undefined) throw new TypeError(`There is no problem of the kind "${kind}".`);
  return members === undefined ? bare : { ...bare, ...members };
}

/**
 * The kind of a problem type's URI, e.g. that of a payment method; `undefined` when it is not in the table.
 *
 * @example
 * ```ts
 * import { problemKind } from '@farebox/protocol';
 *
 * problemKind('https://paymentauth.org/problems/lightning/expired-invoice'); // 'lightning/expired-invoice'
 * ```
 */
export function problemKind(type: string): ProblemKind | undefined {
  return byType.get(type);
}
