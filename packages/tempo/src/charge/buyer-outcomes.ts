import type { PayOutcome } from '@farebox/protocol';
import { showUnits } from '../accounts/show-units.js';
import type { Address } from '../chain/hex.js';
import { TempoRpcError } from '../chain/rpc.js';

/** The outcome that is certain: nothing was spent, and nothing will be. */
export function notPaid(code: string, detail: string): PayOutcome {
  return { kind: 'not-paid', code, detail };
}

/** The outcome that is certain and cost the payer a fee, base units of the fee token: mined, and taken back. */
export function reverted(units: bigint, feeToken: Address): PayOutcome {
  const spent = showUnits(units, feeToken);
  const detail = `The chain carried out the payment and took it back; only a fee of ${spent} was spent`;
  return { kind: 'not-paid', code: 'reverted', detail, fee: { amount: units, currency: feeToken } };
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
