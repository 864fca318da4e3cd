/** What the flood asks the gateway's process. */
export type ToGateway =
  | { readonly ask: 'figures' | 'close' }
  /** Pays an invoice, as a buyer's node would. */
  | { readonly ask: 'pay'; readonly invoice: string };

/** What the gateway's process tells, one answer for each question and in their order. */
export type FromGateway =
  | { readonly tell: 'listening'; readonly port: number }
  | { readonly tell: 'figures'; readonly figures: Figures }
  | { readonly tell: 'paid'; readonly preimage: string };

/** How the gateway and its node stand, after a full garbage collection. */
export interface Figures {
  readonly invoices: number;
  readonly cancels: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Delay of the event loop since the figures were asked for last, nanoseconds. */
  readonly delayP50: number;
  readonly delayP99: number;
  /** CPU time since then. */
  readonly cpuSeconds: number;
}

/** What the attackers tell when they have done. */
export interface Attack {
  readonly statuses: Readonly<Record<number, number>>;
  readonly seconds: number;
  /** Delay of their own event loop, nanoseconds. */
  readonly delayP50: number;
  readonly delayP99: number;
}
