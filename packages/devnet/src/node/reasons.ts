import * as ldk from 'lightningdevkit';

/** Why a payment failed, in words. LDK has bare numbers. */
export function failureReason(reason: ldk.Option_PaymentFailureReasonZ): string {
  if (!(reason instanceof ldk.Option_PaymentFailureReasonZ_Some)) return 'unknown';
  return FAILURES.get(reason.some) ?? 'unknown';
}

const FAILURES: ReadonlyMap<ldk.PaymentFailureReason, string> = new Map([
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_RecipientRejected, 'rejected by the recipient'],
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_UserAbandoned, 'timed out and given up'],
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_RetriesExhausted, 'all attempts failed on the way'],
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_PaymentExpired, 'the invoice has expired'],
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_RouteNotFound, 'no route left to try'],
  [ldk.PaymentFailureReason.LDKPaymentFailureReason_UnexpectedError, 'unexpected error of the node'],
]);
