export { amountMsatMax } from './bolt11/amount.js';
export { type Bech32, decodeBech32, encodeBech32, invoiceCharsMax } from './bolt11/bech32.js';
export { decodeInvoice } from './bolt11/decode.js';
export { encodeInvoice, type InvoiceDraft } from './bolt11/encode.js';
export type { Fallback } from './bolt11/fallback.js';
export { checkFeatures } from './bolt11/features.js';
export {
  expirySecondsDefault,
  type Invoice,
  type InvoiceFields,
  invoiceExpiresMs,
  minFinalCltvExpiryDefault,
  type OtherField,
} from './bolt11/invoice.js';
export { checkPayable } from './bolt11/payable.js';
export type { RouteHint, RouteHop } from './bolt11/route-hint.js';
export { nodeIdOf, recoverPayee, verifyInvoice } from './bolt11/signature.js';
export { type LightningBuyerOptions, lightningBuyer } from './charge/buyer.js';
export { createInvoiceTimeoutMs } from './charge/deadline.js';
export { readQuotedRate, writeQuotedRate } from './charge/quoted-rate.js';
export {
  type ChargeNetwork,
  type ChargeRequest,
  parseChargeRequest,
  writeChargeRequest,
} from './charge/request.js';
export {
  type ConvertedPrice,
  invoiceGraceSeconds,
  type LightningSellerOptions,
  lightningSeller,
  type SatConversion,
} from './charge/seller.js';
export * from './node.js';
export { createInvoicePool } from './pool/invoice-pool.js';
export { pooledAgeMsMaxDefault, shelfSizeDefault } from './pool/limits.js';
export type { CallRate } from './pool/pace.js';
export type { InvoicePool, InvoicePoolOptions, PoolCounts } from './pool/pool.js';
export type { CheckedInvoice } from './pool/shelf.js';
