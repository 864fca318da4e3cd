import { WalletError } from './errors.js';
import type { JournalEntry } from './journal.js';
import { settlementUnknown } from './settlement.js';
import { isOpen, spentIn } from './states.js';

/**
 * Writes a step of a payment that has begun; `entry` is the row as it is on disk. When the journal does not take it, the
 * {@link WalletError} is never that of a journal which failed before anything was sent: it names the payment and says
 * where the money is as far as the row knows, `payment_unknown` before the proof is there, then `unpresented` (or
 * `settlement_unknown`) and `answer_unknown`; `in_progress` when another process was faster. All of them are resumed.
 */
export function step<T>(entry: JournalEntry, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw notWritten(entry, cause);
  }
}

function notWritten(entry: JournalEntry, cause: unknown): WalletError {
  const { id: paymentId, state, payload } = entry;
  const resume = `farebox pay resume ${paymentId}`;
  const options = { paymentId, cause, spent: spentIn(entry) };
  if (isStateChanged(cause)) {
    const message = `Payment ${paymentId} was taken over by another process; see what became of it, without paying, with: ${resume}`;
    return new WalletError('in_progress', message, options);
  }
  if (payload === undefined) {
    const message = `What became of the payment could not be written down. Find out, without paying again, with: ${resume}`;
    return new WalletError('payment_unknown', message, options);
  }
  if (state === 'presented') {
    const message = `The payment was presented, but what came of it could not be written down. Ask again, without paying, with: ${resume}`;
    return new WalletError('answer_unknown', message, options);
  }
  const what = 'The journal could not be written, so the payment was not presented';
  if (isOpen(entry)) return settlementUnknown(what, 'it is signed', options);
  return new WalletError('unpresented', `${what}. It is paid; present it with: ${resume}`, options);
}

/** True for the error of a step that came too late: the row was in another state. */
export function isStateChanged(error: unknown): boolean {
  return error instanceof WalletError && error.code === 'state_changed';
}
