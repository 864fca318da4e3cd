export { type Answer, answerHeader, type BodyEnd, discard, readAll } from './answer.js';
export { type BuyOptions, type FreeAnswer, type Priced, redirectTarget } from './buy.js';
export * from './errors.js';
export type { PaymentHooks, PaymentNotice, QuoteNotice } from './fetch/hooks.js';
export * from './fetch/paying-fetch.js';
export { redirectsMax } from './fetch/redirect.js';
export { answerBytesMax, readAheadBytes } from './fetch/response.js';
export * from './journal.js';
export { createMemoryJournal } from './journal-memory.js';
export {
  creditRetentionMs,
  defaultLimits,
  exceeds,
  feeLimitIn,
  finest,
  finishedRetentionMs,
  type Limit,
  limitIn,
  type PaymentLimits,
  requestBodyBytesMax,
  requestHeadersMax,
  type WalletTimeouts,
} from './limits.js';
export type { LazyMethod, MethodSource, MissingMethod, WalletMethod } from './methods.js';
export { offersPayment, payInsteadAdvice } from './offers-payment.js';
export type { ApprovalAnswer, ApprovalQuestion, Approver } from './policy/approval.js';
export {
  type Budget,
  type BudgetStanding,
  budgetWindowsMs,
  hostOf,
  type OverBudget,
} from './policy/budget.js';
export { budgetsIn, type Decision, decide, type ProposedPayment } from './policy/decide.js';
export { type OthersRight, type Ownership, othersRight } from './policy/others.js';
export {
  type ApprovalRule,
  byHand,
  type LimitRules,
  type Policy,
  type PolicyLists,
  policyLimits,
  withoutDay,
} from './policy/policy.js';
export { PolicyRefusal, type RuleRefusal } from './policy/refusal.js';
export { standardPolicy } from './policy/standard.js';
export type { Delivered } from './present.js';
export type { Quote } from './quote.js';
export { type ReceiptCheck, receiptWarning } from './receipt-check.js';
export { checkKeptReceipt, type KeptReceiptCheck } from './receipt-kept.js';
export { type Header, headerValue, isSecure, type PayableRequest } from './request.js';
export type { ResumeOptions, ResumeResult } from './resume.js';
export type { ResumeAllOptions, ResumeReport } from './resume-all.js';
export { isSecretHeader } from './secret-headers.js';
export { plainText } from './seller-problem.js';
export type { PaidEntry } from './settle.js';
export * from './states.js';
export type { TransportInit } from './transport.js';
export { placeToFillIn } from './url-template.js';
export * from './wallet.js';
