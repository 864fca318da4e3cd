import type { EntryChanges, JournalEntry } from './journal.js';
import type { SqlValue } from './journal-row.js';
import type { JournalState } from './states.js';

const unsignedColumns: Readonly<Record<string, SqlValue>> = {
  payload: null,
  source: null,
  paid_amount: null,
  paid_currency: null,
  paid_ms: null,
  fee_amount: null,
  fee_currency: null,
  receipt_reference: null,
};

/** The columns of a step with what it adds to the row. */
export function moveColumns(
  to: JournalState,
  before: JournalEntry,
  changes: EntryChanges,
  nowMs: number,
): Record<string, SqlValue> {
  return { ...stepColumns(to, before, nowMs), ...changeColumns(changes) };
}

/** The columns of what is added to a row. */
export function changeColumns(changes: EntryChanges): Record<string, SqlValue> {
  const { payload, source, paid, fee, receiptReference, receipt, status, detail } = changes;
  return {
    ...(payload && { payload: JSON.stringify(payload) }),
    ...(source !== undefined && { source }),
    ...(paid && { paid_amount: String(paid.amount), paid_currency: paid.currency }),
    ...(fee && { fee_amount: String(fee.amount), fee_currency: fee.currency }),
    ...(receiptReference !== undefined && { receipt_reference: receiptReference }),
    ...(receipt && { receipt: JSON.stringify(receipt) }),
    ...(status !== undefined && { status }),
    ...(detail !== undefined && { detail: detail.slice(0, 1_000) }),
    ...(changes.final && { paying_ms: null }),
  };
}

/** The columns of the step itself. */
function stepColumns(to: JournalState, before: JournalEntry, nowMs: number): Record<string, SqlValue> {
  const step: Record<string, SqlValue> = { state: to, updated_ms: nowMs };
  if (to === 'paying') step.paying_ms = nowMs;
  if (to === 'paid') step.paid_ms = nowMs;
  if (to === 'presented') step.presentations = before.presentations + 1;
  // Certainly nobody was paid: nothing that was signed is kept. What it cost all the same is among the changes.
  if (to === 'not-paid') Object.assign(step, unsignedColumns);
  // The proof opens the resource, the body may be private: neither is kept longer than needed.
  if (to === 'delivered') Object.assign(step, { delivered_ms: nowMs, payload: null, body: null });
  return step;
}
