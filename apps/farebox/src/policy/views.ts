import type { Amount } from '@farebox/protocol';
import type { BudgetStanding, LimitRules, Policy } from '@farebox/wallet';
import { showMoney } from '../views.js';

/** An amount, as JSON: base units as a decimal string, and for people. */
export interface AmountView {
  readonly amount: string;
  readonly currency: string;
  readonly text: string;
}

/** How a budget stands, as JSON. */
export interface BudgetView {
  readonly rule: string;
  /** Minutes that it reaches back. */
  readonly windowMinutes: number;
  readonly host: string | null;
  readonly method: string | null;
  readonly limit: AmountView;
  readonly spent: AmountView;
  readonly reserved: AmountView;
  readonly left: AmountView;
}

/** An amount, as JSON. */
export function viewAmount(amount: Amount): AmountView {
  return { amount: String(amount.amount), currency: amount.currency, text: showMoney(amount) };
}

/** How a budget stands, as JSON. */
export function viewStanding({ budget, currency, limit, spent, reserved, left }: BudgetStanding): BudgetView {
  const view = (amount: bigint) => viewAmount({ amount, currency });
  return {
    rule: budget.rule,
    windowMinutes: budget.windowMs / 60_000,
    host: budget.host ?? null,
    method: budget.method ?? null,
    limit: view(limit),
    spent: view(spent),
    reserved: view(reserved),
    left: view(left),
  };
}

/** What a policy does not say and its owner should know: in which currencies, or whether in that of a price, no day is limited. */
export async function remarksOn(policy: Policy, price?: Amount): Promise<readonly string[]> {
  const { finest, withoutDay } = await import('@farebox/wallet');
  const wanted = price && finest(price).currency;
  const open = withoutDay(policy).filter((one) => wanted === undefined || finest(one).currency === wanted);
  return open.map((payment) => {
    const shown = showMoney(payment);
    const unit = shown.replace(/^\S+ /, '');
    return `No daily limit is set for ${unit}: any number of payments of up to ${shown} may be made. Set one: farebox wallet policy set limits.day "<amount> ${unit}"`;
  });
}

/** How a budget stands, for people. */
export function showStanding(view: BudgetView): string {
  const held = view.reserved.amount === '0' ? '' : `, ${view.reserved.text} held`;
  return `${view.left.text} of ${view.limit.text} left (${view.spent.text} spent${held})`;
}

function viewRules(rules: LimitRules) {
  const { payment, fee, hour, day } = rules;
  return {
    payment: payment.map(viewAmount),
    fee: fee.map(viewAmount),
    hour: hour.map(viewAmount),
    day: day.map(viewAmount),
  };
}

/** A policy, as JSON. What is not limited is `null`, an empty list of amounts limits nothing but for `limits.payment`. */
export function viewPolicy(policy: Policy) {
  const { limits, hosts, methods, eachHost, allow, deny, plainHttp, approval, retention } = policy;
  const each = (scopes: ReadonlyMap<string, LimitRules>) =>
    Object.fromEntries([...scopes].map(([name, rules]) => [name, viewRules(rules)]));
  return {
    limits: viewRules(limits),
    eachHost: eachHost === undefined ? null : viewRules(eachHost),
    hosts: each(hosts),
    methods: each(methods),
    allow: { origins: allow.origins ?? null, paths: allow.paths ?? null, payees: allow.payees ?? null },
    deny,
    plainHttp,
    approval:
      approval === undefined
        ? null
        : {
            above: approval.above.map(viewAmount),
            by: approval.by,
            command: approval.command,
            timeoutSeconds: approval.timeoutMs / 1_000,
          },
    retention: {
      finishedDays: retention.finishedMs / 86_400_000,
      creditDays: retention.creditMs / 86_400_000,
    },
  };
}
