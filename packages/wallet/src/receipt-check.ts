import { parseReceipt, type Receipt } from '@farebox/protocol';
import type { JournalEntry } from './journal.js';
import { plainText } from './seller-problem.js';

/** What the `Payment-Receipt` of a delivered answer is worth. A bad one is a warning: the resource is here. */
export type ReceiptCheck =
  | { readonly status: 'valid'; readonly receipt: Receipt }
  | { readonly status: 'missing' }
  | { readonly status: 'unreadable'; readonly detail: string }
  | { readonly status: 'mismatch'; readonly receipt: Receipt; readonly detail: string };

/** What the receipt must name; undefined when that cannot be known: a sponsor's signature changes the hash. */
function expectedReference(entry: JournalEntry): string | undefined {
  return entry.receiptReference ?? (entry.settlement === undefined ? entry.reference : undefined);
}

/**
 * Compares a receipt with the payment (draft-lightning-charge-00 §"Receipt Generation"): method, reference and, when
 * it names one, challenge.
 */
export function checkReceipt(value: string | undefined, entry: JournalEntry): ReceiptCheck {
  if (value === undefined) return { status: 'missing' };
  const parsed = parseReceipt(value);
  if (!parsed.ok) return { status: 'unreadable', detail: plainText(parsed.detail) };
  const receipt = parsed.value;
  const expected = expectedReference(entry);
  const wrong = [
    receipt.method === entry.challenge.method ? undefined : 'method',
    expected === undefined || receipt.reference === expected ? undefined : 'reference',
    receipt.challengeId === undefined || receipt.challengeId === entry.challenge.id
      ? undefined
      : 'challengeId',
  ].filter((name) => name !== undefined);
  if (wrong.length === 0) return { status: 'valid', receipt };
  return {
    status: 'mismatch',
    receipt,
    detail: `the receipt's ${wrong.join(' and ')} is not that of this payment`,
  };
}

/** The warning for people, or undefined. */
export function receiptWarning(check: ReceiptCheck): string | undefined {
  switch (check.status) {
    case 'valid':
      return undefined;
    case 'missing':
      return 'The seller sent no receipt.';
    case 'unreadable':
      return `The seller's receipt cannot be read: ${check.detail}`;
    case 'mismatch':
      return `The seller's receipt is for something else: ${check.detail}.`;
  }
}
