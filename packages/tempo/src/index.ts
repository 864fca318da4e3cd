export * from './accounts/index.js';
export {
  broadcastTimeoutMs,
  type ChainHead,
  type ChainTimeouts,
  readTimeoutMs,
  type TempoChain,
  tempoChain,
} from './chain/chain.js';
export { type Address, type Hex, isHex, readAddress, readHex, readWord } from './chain/hex.js';
export { type HttpRpcOptions, httpRpc } from './chain/http-rpc.js';
export type { TempoLog, TempoReceipt } from './chain/receipt.js';
export { type TempoRpc, TempoRpcError, type TempoRpcErrorCode } from './chain/rpc.js';
export * from './charge/buyer-index.js';
export { attributionMemo, type MemoBinding, memoMatcher } from './charge/memo.js';
export type { SettlePatience } from './charge/patience.js';
export { type ProofSubject, proofDigest, proofTypedData } from './charge/proof-message.js';
export type { TempoRefusal, TempoRefusalCode, TempoVerification } from './charge/refusal.js';
export {
  amountMax,
  parseTempoChargeRequest,
  requestTextCharsMax,
  splitsMax,
  type TempoChargeRequest,
  type TempoMode,
  type TempoSplit,
  writeTempoChargeRequest,
} from './charge/request.js';
export {
  createTempoSeller,
  type TempoSeller,
  type TempoSellerOptions,
} from './charge/seller.js';
export { type PayerSource, payerSource, readPayerSource } from './charge/source.js';
export type { SplitTerms, TokenTerms } from './charge/terms.js';
export { type ExpectedTransfer, expectedTransfers } from './charge/transfers.js';
export type { TempoVerifyContext } from './charge/verify.js';
export type { BudgetLimits, SponsorBudget } from './sponsor/budget.js';
export { type FeePayer, feePayerFromKey } from './sponsor/fee-payer.js';
export {
  restAfterRevertMs,
  type SponsorOptions,
  sponsoredFeeMax,
  sponsoredGasMax,
} from './sponsor/sponsor.js';
