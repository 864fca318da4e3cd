/**
 * The content of a `Payment-Receipt` header (draft-httpauth-payment-00 §"Payment-Receipt Header").
 * Methods add fields of their own; lightning adds `challengeId`.
 */
export interface Receipt {
  readonly status: 'success';
  readonly method: string;
  /** RFC 3339 settlement time. */
  readonly timestamp: string;
  /** Method-specific: the payment hash, the transaction hash. */
  readonly reference: string;
  readonly challengeId?: string;
  readonly [field: string]: string | undefined;
}
