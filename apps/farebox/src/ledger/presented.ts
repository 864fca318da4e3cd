import type { Claim, LedgerReader } from '@farebox/ledger';
import type { PresentedPayment } from './reconcile.js';

/** The method whose payments a Lightning node settles. */
export const lightningMethod = 'lightning';

/**
 * The Lightning claims that came into being within a period.
 *
 * @param onOther told the method of each other claim of the period: no Lightning node knows of it
 */
export async function* presentedPayments(
  reader: LedgerReader,
  fromMs: number,
  untilMs: number,
  onOther: (method: string) => void,
): AsyncGenerator<PresentedPayment> {
  for await (const claim of reader.claims({ fromMs, untilMs })) {
    if (claim.method === lightningMethod) yield asPresented(claim);
    else onOther(claim.method);
  }
}

/** The Lightning claim of a payment. */
export async function findPresented(
  reader: LedgerReader,
  reference: string,
): Promise<PresentedPayment | undefined> {
  const found = await reader.claim(reference);
  // A name could also be a challenge id; what is compared is the payment.
  if (found?.claim.reference !== reference || found.claim.method !== lightningMethod) return undefined;
  return asPresented(found.claim);
}

function asPresented({ seq, reference, paid, createdMs, route }: Claim): PresentedPayment {
  return { seq, reference, paid, createdMs, route };
}
