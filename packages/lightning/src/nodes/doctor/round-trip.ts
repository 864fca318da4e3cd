import { setTimeout as pause } from 'node:timers/promises';
import type { InvoiceNode, InvoiceRequest, InvoiceState, PayingNode } from '../../node.js';
import { type Findings, questionMsDefault } from './findings.js';

/** What a round trip pays. */
export const roundTripMsat = 1_000n;

/** What a round trip may cost in fees unless it is said: more than phoenixd's 4 sat and 0.4 %, and LNbits' reserve. */
export const roundTripFeeMsatMax = 5_000n;

/** The life of invoices that an examination makes, seconds. */
export const trialInvoiceSeconds = 120;

/** The invoice that an examination makes. */
export function trialInvoice(): InvoiceRequest {
  return { amountMsat: roundTripMsat, description: 'farebox doctor', expirySeconds: trialInvoiceSeconds };
}

/**
 * One satoshi, for real, and both ends must agree on it. `examined`: that a payer refuses to pay is a fault where the payer
 * is examined, and of a payee it says nothing.
 */
export async function roundTrip(
  findings: Findings,
  payee: InvoiceNode,
  payer: PayingNode,
  maxFeeMsat: bigint,
  examined: 'payer' | 'payee',
): Promise<void> {
  const made = await findings.ask('round-trip', 'Making the invoice of a round trip', () =>
    payee.createInvoice(trialInvoice()),
  );
  if (made === undefined) return;
  const { invoice, paymentHash } = made.answer;
  const timeoutMs = questionMsDefault / 2;
  const pay = () => payer.payInvoice({ invoice, maxFeeMsat, timeoutMs });
  const refused = examined === 'payer' ? 'fault' : 'skipped';
  const paid = await findings.ask('round-trip', 'Paying one satoshi', pay, refused);
  if (paid === undefined) return;
  const outcome = paid.answer;
  if (outcome.status === 'failed') {
    findings.add('round-trip', 'fault', `One satoshi could not be paid: ${outcome.reason}.`);
    return;
  }
  if (outcome.status !== 'succeeded') {
    findings.add(
      'round-trip',
      'warning',
      `One satoshi is still under way, payment hash ${paymentHash}: look again later.`,
    );
    return;
  }
  const state = await findings.ask('round-trip', 'Looking up what was paid', () =>
    arrival(payee, paymentHash),
  );
  if (state?.answer?.status === 'settled') {
    findings.add(
      'round-trip',
      'ok',
      `One satoshi was paid and arrived; the fee was ${outcome.feeMsat} msat.`,
    );
  } else if (state !== undefined) {
    findings.add(
      'round-trip',
      'fault',
      `One satoshi was paid, but the payee does not see it, payment hash ${paymentHash}.`,
    );
  }
}

/** How often, and after how long, a payee is asked that does not see a payment yet. */
const arrivalQuestionsMax = 20;
const arrivalPauseMs = 250;

async function arrival(payee: InvoiceNode, paymentHash: string): Promise<InvoiceState | undefined> {
  for (let asked = 1; ; asked++) {
    const state = await payee.lookupInvoice(paymentHash);
    if (state?.status === 'settled' || asked === arrivalQuestionsMax) return state;
    await pause(arrivalPauseMs);
  }
}
