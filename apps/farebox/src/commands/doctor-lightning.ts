import type { ChargeRequest, Invoice } from '@farebox/lightning';
import type { Challenge, JsonObject } from '@farebox/protocol';
import type { Finding, MethodExaminer } from '@farebox/wallet/doctor';

/**
 * Holds a lightning charge against draft-lightning-charge-00, point by point: the request, the invoice in it, and that
 * both agree. Which network this wallet pays on is not looked at.
 */
export const lightningExaminer: MethodExaminer = {
  method: 'lightning',
  intent: 'charge',
  examine: async (challenge, request, nowMs) => (await load())(challenge, request, nowMs),
};

/** What is loaded when there is something to look at. */
interface Tools {
  readonly lightning: typeof import('@farebox/lightning');
  readonly say: typeof import('@farebox/wallet/doctor');
  /** A fault of the seller's. */
  seller(code: string, text: string): Finding;
}

async function load(): Promise<MethodExaminer['examine']> {
  const [lightning, say] = await Promise.all([
    import('@farebox/lightning'),
    import('@farebox/wallet/doctor'),
  ]);
  const seller = (code: string, text: string) => say.fault('challenge', code, 'seller', text);
  const tools: Tools = { lightning, say, seller };
  return (challenge, request, nowMs) => examine(tools, challenge, request, nowMs);
}

function examine(tools: Tools, challenge: Challenge, request: JsonObject, nowMs: number): readonly Finding[] {
  const { lightning, seller } = tools;
  const charge = lightning.parseChargeRequest(request);
  if (!charge.ok) return [seller(charge.code, `The lightning request is malformed: ${charge.detail}.`)];
  const decoded = lightning.decodeInvoice(charge.value.invoice);
  if (!decoded.ok) {
    return [seller('invoice_malformed', `The invoice cannot be read (${decoded.code}): ${decoded.detail}.`)];
  }
  return [
    ...agreement(tools, charge.value, decoded.value),
    ...expiry(tools, challenge, decoded.value, nowMs),
    ...payable(tools, decoded.value),
  ];
}

function agreement({ say, seller }: Tools, charge: ChargeRequest, invoice: Invoice): readonly Finding[] {
  const findings: Finding[] = [];
  const { amountSat, network = 'mainnet', paymentHash } = charge;
  if (invoice.amountMsat === amountSat * 1000n) {
    findings.push(
      say.fine('challenge', 'amount', `The invoice is for ${amountSat} sat, as the challenge says.`),
    );
  } else {
    const real = invoice.amountMsat === undefined ? 'any amount' : `${invoice.amountMsat} msat`;
    findings.push(
      seller('amount_mismatch', `The challenge says ${amountSat} sat, its invoice is for ${real}.`),
    );
  }
  if (invoice.network !== network) {
    const text = `The challenge says ${network}, its invoice is for ${invoice.network}.`;
    findings.push(seller('network_mismatch', text));
  }
  if (paymentHash !== undefined && paymentHash !== invoice.paymentHash) {
    findings.push(seller('hash_mismatch', 'The challenge names another payment hash than its invoice.'));
  }
  return findings;
}

function expiry(
  { lightning, seller }: Tools,
  challenge: Challenge,
  invoice: Invoice,
  nowMs: number,
): readonly Finding[] {
  const endMs = lightning.invoiceExpiresMs(invoice);
  if (endMs <= nowMs) return [seller('invoice_expired', 'The invoice had expired when it was given.')];
  const named = challenge.expires === undefined ? undefined : Date.parse(challenge.expires);
  if (named === undefined || Number.isNaN(named) || named <= endMs) return [];
  const text =
    'The challenge outlives its invoice, which it must not: it could still be answered when it cannot be paid.';
  return [seller('expires_after_invoice', text)];
}

function payable({ lightning, say, seller }: Tools, invoice: Invoice): readonly Finding[] {
  const checked = lightning.checkPayable(invoice);
  if (!checked.ok) return [seller(checked.code, `The invoice cannot be paid: ${checked.detail}.`)];
  const signed = lightning.verifyInvoice(invoice);
  if (!signed.ok) return [seller(signed.code, `The invoice is not signed by its payee: ${signed.detail}.`)];
  const text = `The invoice is signed by its payee ${signed.value.payee}, on ${invoice.network}.`;
  const findings = [say.fine('challenge', 'invoice', text)];
  if (invoice.amountMsat === undefined) return findings;
  return invoice.amountMsat % 1000n === 0n
    ? findings
    : [
        ...findings,
        say.warning('challenge', 'fraction', 'seller', 'The invoice is for a fraction of a satoshi.'),
      ];
}
