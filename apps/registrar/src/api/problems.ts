import { FAREBOX_PROBLEM_BASE, type Problem, type Retry } from '@farebox/protocol';
import type { Hindrance } from '../sell/plan.js';

/** The registrar's own refusals: status, title, advice. */
const kinds = {
  'domain-taken': { status: 409, title: 'Domain Taken', retry: 'never' },
  'domain-locked': { status: 423, title: 'Domain Locked', retry: 'safe' },
  'too-many-locks': { status: 429, title: 'Too Many Locked Names', retry: 'safe' },
  'domain-not-registered': { status: 404, title: 'Domain Not Registered', retry: 'never' },
  'not-the-owner': { status: 403, title: 'Not The Owner', retry: 'never' },
  'domain-reserved': { status: 403, title: 'Domain Reserved', retry: 'never' },
  'registration-closed': { status: 403, title: 'Registration Closed', retry: 'safe' },
  'term-too-long': { status: 400, title: 'Term Too Long', retry: 'never' },
  'bad-request': { status: 400, title: 'Bad Request', retry: 'never' },
  'terms-not-agreed': { status: 400, title: 'Terms Not Agreed', retry: 'never' },
  'payment-method-conflict': { status: 400, title: 'Payment Method Conflict', retry: 'never' },
  'identity-required': { status: 401, title: 'Identity Required', retry: 'never' },
  'identity-invalid': { status: 401, title: 'Identity Invalid', retry: 'never' },
  'malformed-replay': { status: 415, title: 'Malformed Replay', retry: 'same-credential' },
  'method-not-allowed': { status: 405, title: 'Method Not Allowed', retry: 'never' },
  'not-found': { status: 404, title: 'Not Found', retry: 'never' },
  'body-too-large': { status: 413, title: 'Body Too Large', retry: 'never' },
  'too-many-requests': { status: 429, title: 'Too Many Requests', retry: 'safe' },
  'balance-insufficient': { status: 409, title: 'Balance Insufficient', retry: 'never' },
  'kept-as-balance': { status: 409, title: 'Payment Kept As Balance', retry: 'never' },
  'lock-in-flight': { status: 409, title: 'Payment In Flight', retry: 'safe' },
  conflict: { status: 409, title: 'Conflict', retry: 'never' },
  'internal-error': { status: 500, title: 'Internal Error', retry: 'same-credential' },
} as const satisfies Record<string, { status: number; title: string; retry: Retry }>;

/** One of the registrar's own refusals. */
export type RegistrarProblemKind = keyof typeof kinds;

/** A refusal of the registrar as problem details (RFC 9457). `code` is the kind, for programs. */
export function registrarProblem(
  kind: RegistrarProblemKind,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): Problem {
  const { status, title, retry } = kinds[kind];
  return {
    type: `${FAREBOX_PROBLEM_BASE}registrar/${kind}`,
    title,
    status,
    detail,
    code: kind,
    retry,
    ...members,
  };
}

/** A refusal with what goes into its head. */
export interface Refusal {
  readonly problem: Problem;
  /** Flat list: name, value. */
  readonly fields: readonly string[];
}

/** The refusal for what stands in the way of an order. */
export function hindranceRefusal(hindrance: Hindrance, fqdn: string, nowMs: number): Refusal {
  const bare = (kind: RegistrarProblemKind, detail: string): Refusal => ({
    problem: registrarProblem(kind, detail, { domain: fqdn }),
    fields: [],
  });
  switch (hindrance.kind) {
    case 'taken':
      return hindrance.byAsker
        ? bare('domain-taken', 'You own this name already; renew it instead.')
        : bare('domain-taken', 'This name belongs to somebody else; search for another.');
    case 'locked':
      return locked(hindrance, fqdn, nowMs);
    case 'too-many-locks': {
      const who = hindrance.by === 'holder' ? 'You have' : 'Your address has';
      const detail = `${who} too many unpaid orders open; pay for one, reset a lock, or wait until one is over.`;
      return { problem: registrarProblem('too-many-locks', detail), fields: ['Retry-After', '60'] };
    }
    case 'coupon-used-up':
      return bare(
        'conflict',
        'This coupon has been used up, or others hold its last uses; order without it.',
      );
    case 'not-registered':
      return bare('domain-not-registered', 'Nobody owns this name; register it instead.');
    case 'not-yours':
      return bare('not-the-owner', 'This name belongs to somebody else, and only they may do that.');
    case 'too-long':
      return bare('term-too-long', 'A name is held for at most 10 years ahead; ask for fewer years.');
  }
}

function locked(
  { untilMs, byAsker }: Extract<Hindrance, { readonly kind: 'locked' }>,
  fqdn: string,
  nowMs: number,
): Refusal {
  const detail = byAsker
    ? 'A payment of yours for this name is open or at work; present its credential again, or wait until the lock is over.'
    : 'Somebody else is paying for this name; wait until the lock is over, then ask again.';
  const lockedUntil = new Date(Math.max(untilMs, nowMs)).toISOString();
  const action = byAsker ? 'reconcile_same_session' : 'wait';
  const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1_000));
  return {
    problem: registrarProblem('domain-locked', detail, { domain: fqdn, locked_until: lockedUntil, action }),
    fields: ['Retry-After', String(seconds)],
  };
}
