import { serializeReceipt } from '@farebox/protocol';
import type { JournalEntry } from './journal.js';
import { checkReceipt } from './receipt-check.js';

/** What the receipt that the journal keeps is worth now. */
export interface KeptReceiptCheck {
  /** `none`: the seller gave none, or one that was not for this payment, or nothing has been delivered. */
  readonly status: 'valid' | 'mismatch' | 'none';
  /** What was compared with the payment. */
  readonly checked: readonly ('status' | 'method' | 'reference' | 'challengeId')[];
  /** One sentence for people. */
  readonly text: string;
}

/**
 * Compares the kept receipt with its payment again. A receipt is not signed (draft-httpauth-payment-00
 * §"Payment-Receipt Header"): what can be checked is that it says success and names this payment, by method, reference
 * and challenge. That the seller wrote it only the connection vouched for, when it came.
 */
export function checkKeptReceipt(entry: JournalEntry): KeptReceiptCheck {
  const { receipt } = entry;
  if (receipt === undefined) return { status: 'none', checked: [], text: 'none was kept' };
  const result = checkReceipt(serializeReceipt(receipt), entry);
  const named = entry.receiptReference !== undefined || entry.settlement === undefined;
  const checked: KeptReceiptCheck['checked'] = [
    'status',
    'method',
    ...(named ? (['reference'] as const) : []),
    ...(receipt.challengeId === undefined ? [] : (['challengeId'] as const)),
  ];
  if (result.status === 'valid') {
    const text = `names this payment (${checked.join(', ')}), ${receipt.timestamp}; receipts are not signed`;
    return { status: 'valid', checked, text };
  }
  const why = 'detail' in result ? `: ${result.detail}` : '';
  return { status: 'mismatch', checked, text: `does not fit this payment${why}` };
}
