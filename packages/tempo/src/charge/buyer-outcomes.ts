import type { PayOutcome } from '@farebox/protocol';
import { TempoRpcError } from '../chain/rpc.js';

/** The outcome that is certain: nothing was spent, and nothing will be. */
export function notPaid(code: string, detail: string): PayOutcome {
  return { kind: 'not-paid', code, detail };
}

/** The outcome that is not known yet. */
export function unknown(detail: string): PayOutcome {
  return { kind: 'unknown', detail };
}

/** A failure's words, fit to be shown: a node's own are, others may hold anything. */
export function describe(error: unknown): string {
  return error instanceof TempoRpcError
    ? `${error.code}: ${error.message}`
    : 'the node failed without a reason';
}
