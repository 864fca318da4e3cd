export { type Answer, answerHeader, type BodyEnd, discard, readAll } from './answer.js';
export { type BuyOptions, type FreeAnswer, type Priced, redirectTarget } from './buy.js';
export * from './errors.js';
export * from './journal.js';
export { openJournal } from './journal-sqlite.js';
export {
  defaultLimits,
  exceeds,
  feeLimitIn,
  type Limit,
  limitIn,
  type PaymentLimits,
  requestBodyBytesMax,
  requestHeadersMax,
  type WalletTimeouts,
} from './limits.js';
export type { LazyMethod, MethodSource, MissingMethod, WalletMethod } from './methods.js';
export type { Delivered } from './present.js';
export type { Quote } from './quote.js';
export { type ReceiptCheck, receiptWarning } from './receipt-check.js';
export { type Header, headerValue, type PayableRequest } from './request.js';
export type { ResumeOptions, ResumeResult } from './resume.js';
export { isSecretHeader } from './secret-headers.js';
export { plainText } from './seller-problem.js';
export type { PaidEntry } from './settle.js';
export * from './states.js';
export * from './wallet.js';
