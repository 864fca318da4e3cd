import type { Amount } from '@farebox/protocol';
import { exceeds, feeLimitIn, type Limit, limitIn } from '../limits.js';
import { type Budget, budgetWindowsMs, hostOf } from './budget.js';
import { allowsPath, deniesPath, matchOrigin } from './match.js';
import { type ApprovalRule, byHand, type LimitRules, type Policy, type PolicyLists } from './policy.js';
import type { RuleRefusal } from './refusal.js';

/** A payment that is about to be made. */
export interface ProposedPayment {
  /** Absent for an invoice that is paid by hand. */
  readonly url?: string | undefined;
  /** True when the URL may be paid by its scheme alone: https, or this machine. */
  readonly secure: boolean;
  /** The payment method: `lightning`. */
  readonly method: string;
  readonly price: Amount;
  /** Everybody who is paid. Absent when it is not known yet: then lists of payees are passed over. */
  readonly payees?: readonly string[] | undefined;
  /** What the caller allows in fees; it can only lower what the policy allows. */
  readonly maxFee?: Limit | undefined;
}

/** What a policy says of a payment, before its budgets are counted. */
export type Decision =
  | {
      readonly ok: true;
      /** Most that may be paid in fees. */
      readonly maxFee: Amount;
      /** What must have room for price and fee, in the order of the file. */
      readonly budgets: readonly Budget[];
      /** Who must be asked first. */
      readonly approval: ApprovalRule | undefined;
    }
  | { readonly ok: false; readonly refusal: RuleRefusal };

const windows = ['hour', 'day'] as const;

/** One scope of limits that a payment falls into. */
interface Scope {
  /** The key of the file: `limits`. */
  readonly key: string;
  readonly rules: LimitRules;
  readonly narrowed: Pick<Budget, 'host' | 'method'>;
}

/**
 * Judges a payment by a policy. Pure: asks nobody, counts nothing. Cheapest rule first, and what says no about the seller
 * before what says no about the amount: then the message is about what is really wrong.
 *
 * @param show - Writes amounts for people.
 */
export function decide(policy: Policy, payment: ProposedPayment, show: (amount: Amount) => string): Decision {
  const refusal = refuseInsecure(policy, payment) ?? refusePlace(policy, payment);
  if (refusal) return { ok: false, refusal };
  const scopes = scopesOf(policy, payment);
  const tooMuch = refuseAmount(scopes, payment, show);
  if (tooMuch) return { ok: false, refusal: tooMuch };
  const { price } = payment;
  const approval = policy.approval && needsApproval(policy.approval, price) ? policy.approval : undefined;
  if (approval?.by === 'refuse') {
    const message = `The price of ${show(price)} is above what is paid without asking, and nobody is to be asked`;
    return { ok: false, refusal: { rule: 'approval.above', code: 'approval_refused', message } };
  }
  return { ok: true, maxFee: feeCap(scopes, payment), budgets: budgetsOf(scopes, price), approval };
}

/** Plain http to another machine, which only the policy's own list allows: others on the way could read it. */
export function refuseInsecure(
  policy: Policy,
  { url, secure }: Pick<ProposedPayment, 'url' | 'secure'>,
): RuleRefusal | undefined {
  if (url === undefined || secure || policy.plainHttp.some((origin) => matchOrigin(origin, url)))
    return undefined;
  const message = 'Nothing is asked or paid over plain http to another machine; use https';
  return { rule: 'plain_http', code: 'insecure_url', message };
}

/** Deny lists first: what is denied stays denied, whatever else is allowed. */
function refusePlace({ allow, deny }: Policy, payment: ProposedPayment): RuleRefusal | undefined {
  const { url, payees = [] } = payment;
  const denied = (rule: string, what: string) => refused(`deny.${rule}`, `The policy denies ${what}`);
  const missing = (rule: string, what: string) => refused(`allow.${rule}`, `The policy allows no ${what}`);
  const where = url === undefined ? byHand : new URL(url).origin;
  const path = url === undefined ? byHand : new URL(url).pathname;
  if (inOrigins(deny, url)) return denied('origins', where);
  if (url !== undefined && deny.paths.some((pattern) => deniesPath(pattern, url)))
    return denied('paths', `the path ${path}`);
  // A payment with shares is one transaction: one who must not be paid is enough.
  const enemy = payees.find((payee) => hasPayee(deny.payees, payee));
  if (enemy !== undefined) return denied('payees', `the payee ${enemy}`);
  if (allow.origins && !inOrigins({ origins: allow.origins }, url)) return missing('origins', where);
  // By hand there is no path: an origin list must name it, and a list of paths alone does not.
  const pathAllowed = (pattern: string) => url !== undefined && allowsPath(pattern, url);
  const byHandNamed = url === undefined && allow.origins !== undefined;
  if (allow.paths && !byHandNamed && !allow.paths.some(pathAllowed)) return missing('paths', `path ${path}`);
  const { payees: friends } = allow;
  const stranger = friends && payees.find((payee) => !hasPayee(friends, payee));
  return stranger === undefined ? undefined : missing('payees', `payee ${stranger}`);
}

function refused(rule: string, message: string): RuleRefusal {
  return { rule, code: 'policy_refused', message };
}

function inOrigins({ origins }: Pick<PolicyLists, 'origins'>, url: string | undefined): boolean {
  return url === undefined ? origins.includes(byHand) : origins.some((pattern) => matchOrigin(pattern, url));
}

function hasPayee(payees: readonly string[], payee: string): boolean {
  return payees.some((one) => bareAccount(one) === bareAccount(payee));
}

/** Tempo writes an account as `0x…` and as `tempox0x…`; both are the same. */
function bareAccount(payee: string): string {
  return payee.toLowerCase().replace(/^tempox(?=0x)/, '');
}

function scopesOf(policy: Policy, { url, method }: ProposedPayment): readonly Scope[] {
  const scopes: Scope[] = [{ key: 'limits', rules: policy.limits, narrowed: {} }];
  const byMethod = policy.methods.get(method);
  if (byMethod) scopes.push({ key: `methods.${method}`, rules: byMethod, narrowed: { method } });
  if (url === undefined) return scopes;
  const host = hostOf(url);
  const byHost = policy.hosts.get(host);
  const rules = byHost ?? policy.eachHost;
  if (rules) scopes.push({ key: byHost ? `hosts[${host}]` : 'each_host', rules, narrowed: { host } });
  return scopes;
}

function refuseAmount(
  scopes: readonly Scope[],
  { price }: ProposedPayment,
  show: (amount: Amount) => string,
): RuleRefusal | undefined {
  for (const { key, rules } of scopes) {
    const max = limitIn(rules.payment, price.currency);
    if (max === undefined) {
      // Only the outermost scope says which currencies are paid in at all; the others narrow.
      if (key !== 'limits') continue;
      const message = `The price is ${show(price)}, and the policy names no limit in that currency`;
      return { rule: `${key}.payment`, code: 'currency_not_allowed', message };
    }
    if (exceeds(price, max)) {
      const message = `The price of ${show(price)} is above the limit of ${show(max)} for one payment`;
      return { rule: `${key}.payment`, code: 'price_above_max', message };
    }
  }
  return undefined;
}

/** The least of what every scope and the caller allow; nothing where the outermost names no fee. */
function feeCap(scopes: readonly Scope[], { price, maxFee }: ProposedPayment): Amount {
  let cap: Amount | undefined;
  for (const { key, rules } of scopes) {
    const fee = key === 'limits' ? feeLimitIn(rules.fee, price.currency) : limitIn(rules.fee, price.currency);
    if (fee && (cap === undefined || exceeds(cap, fee))) cap = fee;
  }
  const given = maxFee && limitIn(maxFee, price.currency);
  const none = { amount: 0n, currency: price.currency };
  if (cap === undefined) return none;
  return given && exceeds(cap, given) ? given : cap;
}

/** Every budget of a policy, in the order of the file; but for `each_host`, which is one for every host there is. */
export function budgetsIn({ limits, methods, hosts }: Policy): readonly Budget[] {
  const scopes: Scope[] = [{ key: 'limits', rules: limits, narrowed: {} }];
  for (const [method, rules] of methods)
    scopes.push({ key: `methods.${method}`, rules, narrowed: { method } });
  for (const [host, rules] of hosts) scopes.push({ key: `hosts[${host}]`, rules, narrowed: { host } });
  return scopes.flatMap(({ key, rules, narrowed }) =>
    windows.flatMap((window) =>
      rules[window].map((limit) => ({
        rule: `${key}.${window}`,
        windowMs: budgetWindowsMs[window],
        limit,
        ...narrowed,
      })),
    ),
  );
}

function budgetsOf(scopes: readonly Scope[], price: Amount): readonly Budget[] {
  const budgets: Budget[] = [];
  for (const { key, rules, narrowed } of scopes) {
    for (const window of windows) {
      const limit = limitIn(rules[window], price.currency);
      if (limit)
        budgets.push({ rule: `${key}.${window}`, windowMs: budgetWindowsMs[window], limit, ...narrowed });
    }
  }
  return budgets;
}

/** True when a price is above the threshold, or in a currency that has none. */
function needsApproval({ above }: ApprovalRule, price: Amount): boolean {
  const threshold = limitIn(above, price.currency);
  return threshold === undefined || exceeds(price, threshold) !== false;
}
