import { NodeError } from '@farebox/lightning';
import * as ldk from 'lightningdevkit';

/** The longest invoice that is read, characters. */
export const invoiceCharactersMax = 4_096;

/** What the payer needs of an invoice. */
export interface ParsedInvoice {
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  readonly maxFeeMsat: bigint;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly hash: Uint8Array;
  readonly onion: ldk.RecipientOnionFields;
  readonly parameters: ldk.RouteParameters;
}

/** Reads a regtest invoice with an amount. Throws {@link NodeError} `node_refused` for any other. */
export function parseInvoice(text: string, maxFeeMsat: bigint): ParsedInvoice {
  const refuse = (detail: string) => new NodeError('node_refused', detail);
  if (text.length > invoiceCharactersMax) throw refuse('The invoice is too long.');
  if (!/^lnbcrt[0-9]/i.test(text)) {
    throw refuse(
      'A devnet node pays only regtest invoices with an amount (lnbcrt…): its coins are worthless.',
    );
  }
  const read = ldk.Bolt11Invoice.constructor_from_str(
    text === text.toUpperCase() ? text.toLowerCase() : text,
  );
  if (!(read instanceof ldk.Result_Bolt11InvoiceParseOrSemanticErrorZ_OK)) {
    throw refuse('The invoice is not valid BOLT 11.');
  }
  const invoice = read.res;
  const amount = invoice.amount_milli_satoshis();
  if (invoice.currency() !== ldk.Currency.LDKCurrency_Regtest || !(amount instanceof ldk.Option_u64Z_Some)) {
    throw refuse('The invoice is not a regtest invoice with an amount.');
  }
  const payment = ldk.UtilMethods.constructor_payment_parameters_from_invoice(invoice);
  if (!(payment instanceof ldk.Result_C3Tuple_ThirtyTwoBytesRecipientOnionFieldsRouteParametersZNoneZ_OK)) {
    throw refuse('The invoice cannot be paid: it lacks what a payment needs.');
  }
  const hash = payment.res.get_a();
  const parameters = payment.res.get_c();
  parameters.set_max_total_routing_fee_msat(ldk.Option_u64Z.constructor_some(maxFeeMsat));
  return {
    paymentHash: Buffer.from(hash).toString('hex'),
    amountMsat: amount.some,
    maxFeeMsat,
    expiresAt: Number(invoice.duration_since_epoch() + invoice.expiry_time()),
    hash,
    onion: payment.res.get_b(),
    parameters,
  };
}
