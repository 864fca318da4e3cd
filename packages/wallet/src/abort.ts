import { WalletError } from './errors.js';

/** The error of a call that was given up before anything was paid; `cause` is the signal's reason. */
export function abortedUnpaid(signal: AbortSignal): WalletError {
  return new WalletError('aborted', 'Given up before anything was paid.', { cause: signal.reason });
}

/**
 * The result of `work`, unless the signal is aborted first. For work that spends nothing, and of which nobody needs to
 * know how it ends. Rejects with {@link WalletError} `aborted`.
 */
export async function whenAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  let giveUp = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(abortedUnpaid(signal));
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Whichever comes second has nobody who waits for it.
    work.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
