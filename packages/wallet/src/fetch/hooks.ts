import { whenAborted } from '../abort.js';
import type { WalletContext } from '../context.js';
import { WalletError } from '../errors.js';
import type { JournalEntry } from '../journal.js';
import { lifeLeftMinMs } from '../limits.js';
import type { Quote } from '../quote.js';
import type { ReceiptCheck } from '../receipt-check.js';
import type { ReplayableRequest } from '../request.js';

/** What is about to be bought. A copy: changing it changes nothing. */
export interface QuoteNotice extends Quote {
  readonly request: { readonly url: string; readonly method: string };
  /** Why this method, where the seller left a choice. */
  readonly choice: string | undefined;
}

/** A payment without its proof, which opens the resource and is nobody's business. */
export type PaymentNotice = Omit<JournalEntry, 'payload'>;

/**
 * Who is told on the way. No hook can lose money: `onQuote` comes before the payment and may refuse it; the others come
 * after, are not waited for, and what they throw goes to `onHookError` and nowhere else.
 */
export interface PaymentHooks {
  /**
   * Before anything is paid, when every limit has agreed. `false` or an exception refuses: {@link WalletError}
   * `quote_refused`. It may ask a person and take its time; the challenge is checked for its life once more afterwards.
   */
  readonly onQuote?: ((quote: QuoteNotice) => unknown) | undefined;
  /** The payment is made and its proof is on disk; it has not been presented yet. */
  readonly onPayment?: ((payment: PaymentNotice) => unknown) | undefined;
  /** The seller has answered 2xx: what its receipt is worth. The body has not been read yet. */
  readonly onReceipt?: ((receipt: ReceiptCheck, payment: PaymentNotice) => unknown) | undefined;
  readonly onHookError?: ((error: unknown, hook: 'onPayment' | 'onReceipt') => void) | undefined;
}

/** Asks `onQuote`. Rejects with `quote_refused`, `aborted` or, when it took too long, `challenge_expired`. */
export async function askQuoteHook(
  context: WalletContext,
  hooks: PaymentHooks | undefined,
  request: ReplayableRequest,
  quote: Quote & { readonly choice: string | undefined },
  signal: AbortSignal | undefined,
): Promise<void> {
  if (hooks?.onQuote === undefined) return;
  const { challenge, inspection, choice } = quote;
  const notice: QuoteNotice = {
    challenge: { ...challenge },
    inspection: { ...inspection, price: { ...inspection.price } },
    request: { url: request.url, method: request.method },
    choice,
  };
  let verdict: unknown;
  try {
    verdict = await whenAborted(signal, (async () => hooks.onQuote?.(notice))());
  } catch (cause) {
    if (cause instanceof WalletError && cause.code === 'aborted') throw cause;
    throw new WalletError('quote_refused', 'onQuote threw, so nothing was paid.', { cause });
  }
  if (verdict === false) throw new WalletError('quote_refused', 'onQuote said no; nothing was paid.');
  if (inspection.expiresMs - context.now() < lifeLeftMinMs) {
    const message =
      'The challenge expired while onQuote was asked; nothing was paid, ask again for a fresh one.';
    throw new WalletError('challenge_expired', message);
  }
}

/** Tells `onPayment`. Never throws, never waits. */
export function tellPayment(hooks: PaymentHooks | undefined, entry: JournalEntry): void {
  if (hooks?.onPayment) tell(hooks, 'onPayment', async () => hooks.onPayment?.(withoutProof(entry)));
}

/** Tells `onReceipt`. Never throws, never waits. */
export function tellReceipt(hooks: PaymentHooks | undefined, check: ReceiptCheck, entry: JournalEntry): void {
  if (hooks?.onReceipt) tell(hooks, 'onReceipt', async () => hooks.onReceipt?.(check, withoutProof(entry)));
}

function tell(hooks: PaymentHooks, name: 'onPayment' | 'onReceipt', call: () => Promise<unknown>): void {
  call().catch((error: unknown) => {
    try {
      hooks.onHookError?.(error, name);
    } catch {
      // There is nobody left to tell.
    }
  });
}

function withoutProof({ payload: _proof, ...rest }: JournalEntry): PaymentNotice {
  return structuredClone(rest);
}
