import { type Result, refuse } from '@farebox/protocol';
import { checkFeatures } from './features.js';
import { fixedLengths } from './fields.js';
import type { Invoice } from './invoice.js';

/**
 * Whether BOLT 11 lets a payer pay this invoice, as far as it can be told without a clock and the signature.
 *
 * Codes: `secret_missing`, `field_length_wrong` (a `p`, `s`, `h` or `n` field of another length than fixed: decoding
 * skips it, as the vector "fields which must be ignored" asks, but a payer "MUST fail the payment"),
 * `description_missing`, `description_ambiguous` (exactly one of `d` and `h` must be there), `feature_unknown`,
 * `feature_dependency`.
 */
export function checkPayable(invoice: Invoice): Result<true> {
  if (invoice.paymentSecret === undefined) {
    return refuse('secret_missing', 'The invoice has no payment secret');
  }
  for (const { tag, words } of invoice.otherFields) {
    const length = fixedLengths.get(tag);
    if (length !== undefined && words.length !== length) {
      return refuse('field_length_wrong', `Field ${tag} of the invoice has a wrong length`);
    }
  }
  if (invoice.description === undefined && invoice.descriptionHash === undefined) {
    return refuse('description_missing', 'The invoice has neither description nor its hash');
  }
  if (invoice.description !== undefined && invoice.descriptionHash !== undefined) {
    return refuse('description_ambiguous', 'The invoice has both a description and a hash of one');
  }
  return checkFeatures(invoice.features);
}
