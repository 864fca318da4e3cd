/** What a run asks the gateway's process. */
export type ToGateway =
  | { readonly ask: 'memory' | 'ledger-memory' | 'totals' | 'close' }
  | { readonly ask: 'reload'; readonly version: number };

/** What the gateway's process tells. */
export type FromGateway =
  | { readonly tell: 'listening'; readonly port: number }
  /** After a full garbage collection. */
  | {
      readonly tell: 'memory';
      readonly heapBytes: number;
      readonly rssBytes: number;
      readonly handles: number;
    }
  /** The heap of the ledger's thread, after a full garbage collection. */
  | { readonly tell: 'ledger-memory'; readonly bytes: number }
  /** Claims by state; `paid` is their sum in satoshis, in digits. */
  | {
      readonly tell: 'totals';
      readonly claims: readonly { readonly state: string; readonly count: number; readonly paid: string }[];
    }
  | { readonly tell: 'reloaded'; readonly version: number };
