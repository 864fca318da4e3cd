import type { Amount } from '@farebox/protocol';
import type { Retention } from '../journal.js';
import { finest, type PaymentLimits } from '../limits.js';

/** Limits of one scope. Each list has at most one amount of a currency; a currency that is missing is not limited here. */
export interface LimitRules {
  /** Most for one payment, without fees. */
  readonly payment: readonly Amount[];
  /** Most in fees on top of one payment. */
  readonly fee: readonly Amount[];
  /** Most within the last 60 minutes, fees included. */
  readonly hour: readonly Amount[];
  /** Most within the last 24 hours, fees included. */
  readonly day: readonly Amount[];
}

/** Places and people. Patterns are those of `matchOrigin` and `matchPath`; payees are compared without case. */
export interface PolicyLists {
  /** `https://api.example.com`, `https://*.example.com`; `by-hand` is an invoice that is paid without a request. */
  readonly origins: readonly string[];
  readonly paths: readonly string[];
  readonly payees: readonly string[];
}

/** Who is asked before a large payment. */
export interface ApprovalRule {
  /** Nobody is asked up to these amounts, without fees; a payment in any other currency is always asked about. */
  readonly above: readonly Amount[];
  /** `terminal`: the person at it. `command`: a program. `refuse`: nobody, and the answer is no. */
  readonly by: 'terminal' | 'command' | 'refuse';
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** What a wallet may spend. Every rule that fits must hold: a narrower scope can only allow less. */
export interface Policy {
  /** Where it is written, for people: the file's path. */
  readonly source: string;
  /** All payments together. A currency without `payment` is not paid in at all. */
  readonly limits: LimitRules;
  /** By host, as budgets count it. */
  readonly hosts: ReadonlyMap<string, LimitRules>;
  /** For each host that is not in `hosts`, on its own. */
  readonly eachHost: LimitRules | undefined;
  /** By payment method: `lightning`. */
  readonly methods: ReadonlyMap<string, LimitRules>;
  /** Undefined: everything that is not denied. A list that is given allows only what it names. */
  readonly allow: Partial<PolicyLists>;
  readonly deny: PolicyLists;
  /** Origins that are paid over plain http although they are not on this machine. */
  readonly plainHttp: readonly string[];
  /** Undefined: nobody is asked. */
  readonly approval: ApprovalRule | undefined;
  readonly retention: Retention;
}

/** Stands for an invoice that is paid by hand in lists of origins. */
export const byHand = 'by-hand';

/**
 * The limits of one payment in every currency that a policy allows to be paid in and bounds by no day: any number of such
 * payments may be made.
 */
export function withoutDay({ limits, methods }: Policy): readonly Amount[] {
  const days = [limits, ...methods.values()].flatMap(({ day }) => day.map((one) => finest(one).currency));
  return limits.payment.filter((one) => !days.includes(finest(one).currency));
}

/** The limits of one payment that a policy gives where a call gives none. */
export function policyLimits({ limits }: Policy): PaymentLimits {
  return { max: limits.payment, maxFee: limits.fee };
}
