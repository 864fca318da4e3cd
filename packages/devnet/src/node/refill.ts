import type { EmbeddedNode } from './embedded-node.js';

/** Below this share of all coins the wallet is refilled, percent. */
export const refillBelowPercent = 20n;

/** What the merchant keeps when it pays back, percent of what it has. */
const keptPercent = 5n;

/** The most that a refill may cost, where a router lies between. */
const refillFeeMsatMax = 100_000n;

const refillMsMax = 30_000;

/**
 * Keeps the wallet able to pay: when its side of the channel runs low, the merchant pays it back by an ordinary
 * Lightning payment. Devnet coins are worthless, so nobody is robbed.
 */
export function keepFilled(wallet: EmbeddedNode, merchant: EmbeddedNode): void {
  let running: Promise<void> | undefined;
  const refill = (): Promise<void> => {
    running ??= payBack(wallet, merchant).finally(() => {
      running = undefined;
    });
    return running;
  };
  wallet.payer.onPaid = () => {
    const { spendableMsat, receivableMsat } = wallet.capacity();
    if (spendableMsat * 100n < (spendableMsat + receivableMsat) * refillBelowPercent) void refill();
  };
  wallet.payer.refill = async (amountMsat) => {
    await wallet.core.activity.settled(refillMsMax);
    if (wallet.largestPaymentMsat() < amountMsat) await refill();
  };
}

async function payBack(wallet: EmbeddedNode, merchant: EmbeddedNode): Promise<void> {
  // A payment that has just succeeded is not yet in the merchant's balance.
  await wallet.core.activity.settled(2_000);
  const have = merchant.largestPaymentMsat();
  const amountMsat = (have * (100n - keptPercent)) / 100n - refillFeeMsatMax;
  if (amountMsat <= 0n) return;
  try {
    const request = { amountMsat, description: 'Farebox devnet refill, regtest', expirySeconds: 600 };
    const { invoice } = await wallet.createInvoice(request);
    await merchant.payInvoice({ invoice, maxFeeMsat: refillFeeMsatMax, timeoutMs: refillMsMax });
    await wallet.core.activity.settled(2_000);
  } catch {
    // The payment that wanted the refill fails with its own reason.
  }
}
