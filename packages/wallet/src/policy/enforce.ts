import type { Amount } from '@farebox/protocol';
import type { WalletContext } from '../context.js';
import { WalletError } from '../errors.js';
import { lifeLeftMinMs } from '../limits.js';
import type { Quote } from '../quote.js';
import { isSecure } from '../request.js';
import { plainText } from '../seller-problem.js';
import type { ApprovalAnswer, ApprovalQuestion } from './approval.js';
import { type Budget, budgetWindowsMs, type OverBudget } from './budget.js';
import { type Decision, decide, refuseInsecure } from './decide.js';
import type { ApprovalRule, Policy } from './policy.js';
import { PolicyRefusal } from './refusal.js';

/** What a wallet is told of a payment beside its challenge. */
export interface PaymentPlace {
  readonly url?: string | undefined;
  readonly httpMethod?: string | undefined;
}

/** A payment that the policy allows, as far as it can be said before the budgets are counted. */
export interface Allowed {
  readonly maxFee: Amount;
  readonly budgets: readonly Budget[];
  readonly approval: ApprovalRule | undefined;
}

/** Why nothing may even be asked at a URL: what is sent there, keys among it, could be read on the way. */
export function findInsecure({ policy, allowInsecure }: WalletContext, url: string): WalletError | undefined {
  if (allowInsecure || isSecure(url)) return undefined;
  if (policy === undefined) {
    const message = 'Nothing is asked or paid over plain http to another machine; use https.';
    return new WalletError('insecure_url', message);
  }
  const refusal = refuseInsecure(policy, { url, secure: false });
  return refusal && new PolicyRefusal(refusal, policy.source);
}

/** Judges a quote by the wallet's policy. Without one, only the limits that were given count. */
export function judge(
  context: WalletContext,
  { challenge, inspection }: Quote,
  maxFee: Amount,
  { url }: PaymentPlace,
): Allowed | WalletError {
  const { policy, showAmount } = context;
  if (policy === undefined) return { maxFee, budgets: [], approval: undefined };
  const decision: Decision = decide(
    policy,
    {
      url,
      secure: url === undefined || context.allowInsecure || isSecure(url),
      method: challenge.method,
      price: inspection.price,
      payees: [inspection.payee, ...(inspection.payees ?? []).map(({ payee }) => payee)],
      maxFee,
    },
    (amount) => plainText(showAmount(amount)),
  );
  return decision.ok ? decision : new PolicyRefusal(decision.refusal, policy.source);
}

/** The budgets as they stand now, for a preview and before anybody is asked. What counts is what `plan` counts. */
export function findShortBudget(
  context: WalletContext,
  { inspection }: Quote,
  { budgets, maxFee }: Allowed,
): WalletError | undefined {
  if (context.policy === undefined || budgets.length === 0) return undefined;
  const over = context.journal.findOver({ price: inspection.price, maxFee, budgets }, context.now());
  return over && overBudget(context, context.policy, over);
}

/** The refusal of a budget: what is left, what is held, and when there is room again. */
export function overBudget(context: WalletContext, policy: Policy, over: OverBudget): PolicyRefusal {
  const { standing, needed, roomMs } = over;
  const { budget, currency, spent, reserved, left } = standing;
  const show = (amount: bigint) => plainText(context.showAmount(coarse({ amount, currency })));
  const window = budget.windowMs === budgetWindowsMs.hour ? '60 minutes' : '24 hours';
  const who = [budget.host && ` at ${budget.host}`, budget.method && ` by ${budget.method}`].join('');
  const held =
    reserved > 0n
      ? ` and ${show(reserved)} held for payments that are not finished (farebox pay resume --all)`
      : '';
  const room = roomMs === undefined ? '' : `; there is room again at ${new Date(roomMs).toISOString()}`;
  const message =
    `Of ${plainText(context.showAmount(budget.limit))} within ${window}${who}, ${show(left)} is left: ` +
    `${show(spent)} was spent${held}, and this needs ${show(needed)} with its fee${room}`;
  return new PolicyRefusal({ rule: budget.rule, code: 'over_budget', message }, policy.source);
}

/** Whole satoshis where they are whole. */
function coarse(amount: Amount): Amount {
  return amount.currency === 'msat' && amount.amount % 1000n === 0n
    ? { amount: amount.amount / 1000n, currency: 'sat' }
    : amount;
}

/**
 * Asks whoever must be asked. Before anything is reserved: nothing is held while somebody thinks. The answer is held
 * against the same policy, budgets and clock again afterwards, by the caller.
 */
export async function requireApproval(
  context: WalletContext,
  { challenge, inspection }: Quote,
  { approval, maxFee }: Allowed,
  { url, httpMethod }: PaymentPlace,
): Promise<void> {
  const { policy, showAmount } = context;
  if (policy === undefined || approval === undefined) return;
  const { price, payee, payees, network, reference, description, expiresMs } = inspection;
  const question: ApprovalQuestion = {
    rule: approval,
    method: challenge.method,
    intent: challenge.intent,
    network,
    payee,
    ...(payees && { payees }),
    reference,
    price,
    maxFee,
    text: plainText(showAmount(price)),
    deadlineMs: Math.min(context.now() + approval.timeoutMs, expiresMs - lifeLeftMinMs),
    ...(url !== undefined && { url }),
    ...(httpMethod !== undefined && { httpMethod }),
    ...(description !== undefined && { description: plainText(description) }),
  };
  const answer = await ask(context, question);
  if (answer.approved) return;
  const message = `The price of ${question.text} is above what is paid without asking, and ${plainText(answer.reason)}`;
  throw new PolicyRefusal({ rule: 'approval.above', code: 'approval_refused', message }, policy.source);
}

async function ask(context: WalletContext, question: ApprovalQuestion): Promise<ApprovalAnswer> {
  if (context.approve === undefined) return { approved: false, reason: 'there is nobody to ask here' };
  try {
    const answer = await context.approve(question);
    if (answer.approved !== true) return answer;
  } catch {
    return { approved: false, reason: 'asking failed' };
  }
  if (context.now() > question.deadlineMs) return { approved: false, reason: 'the answer came too late' };
  return { approved: true };
}
