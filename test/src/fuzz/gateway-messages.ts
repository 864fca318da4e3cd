/** What the test asks the gateway's process. */
export type ToGateway =
  | { readonly ask: 'memory' | 'claims' | 'close' }
  | { readonly ask: 'preimage'; readonly paymentHash: string };

/** What the gateway's process tells. */
export type FromGateway =
  | { readonly tell: 'listening'; readonly port: number }
  /** After a full garbage collection. */
  | { readonly tell: 'memory'; readonly heapBytes: number; readonly rssBytes: number }
  | { readonly tell: 'preimage'; readonly preimage: string }
  /** All claims in the ledger, whatever their state. */
  | { readonly tell: 'claims'; readonly count: number };
