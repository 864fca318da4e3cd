import type {
  CreatedInvoice,
  InvoiceRequest,
  InvoiceState,
  NodeErrorCode,
  NodeInfo,
  PaymentRequest,
  PaymentState,
} from '@farebox/lightning';
import type { JsonValue } from '@farebox/protocol';
import type { DevnetRole, HoldRequest } from './devnet-node.js';
import type { SettledPage, SettledPageRequest } from './node/invoice-book.js';

/** What a node can be asked, and what it answers. */
export interface NodeCalls {
  info: { argument: undefined; result: NodeInfo };
  createInvoice: { argument: InvoiceRequest; result: CreatedInvoice };
  lookupInvoice: { argument: string; result: InvoiceState | undefined };
  listSettled: { argument: SettledPageRequest; result: SettledPage };
  cancelInvoice: { argument: string; result: undefined };
  payInvoice: { argument: PaymentRequest; result: PaymentState };
  trackPayment: { argument: string; result: PaymentState };
  balance: { argument: undefined; result: { spendableMsat: bigint; receivableMsat: bigint } };
  holdInvoice: { argument: HoldRequest; result: CreatedInvoice };
  settleHold: { argument: string; result: undefined };
}

/** What the chain can be asked. */
export interface ChainCalls {
  mine: { argument: number; result: { height: number; hash: string } };
  bitcoinRpc: { argument: { method: string; params: readonly JsonValue[] }; result: JsonValue };
  close: { argument: undefined; result: undefined };
}

/** Everything the worker can be asked. */
export type Calls = NodeCalls & ChainCalls;

/** One question to the worker, in one of its shapes. */
export type Call = {
  [V in keyof Calls]: { readonly verb: V; readonly argument: Calls[V]['argument'] };
}[keyof Calls];

/** Main thread to worker. */
export interface CallMessage {
  readonly id: number;
  /** The main thread's clock, milliseconds since the epoch: the worker's clock follows it. */
  readonly nowMs: number;
  readonly role: DevnetRole;
  readonly call: Call;
}

/** An error on its way between threads. */
export type WireError =
  | { readonly kind: 'node'; readonly code: NodeErrorCode; readonly message: string }
  | { readonly kind: 'bitcoin'; readonly code: number; readonly message: string }
  | { readonly kind: 'other'; readonly message: string };

/** Worker to main thread. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly roles: readonly DevnetRole[] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };

/** What the worker is started with. */
export interface WorkerStart {
  readonly directory: string | undefined;
  readonly router: boolean;
  readonly nowMs: number;
}
