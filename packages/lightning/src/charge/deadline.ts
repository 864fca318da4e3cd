/** How long a node may take to make an invoice, milliseconds. */
export const createInvoiceTimeoutMs = 5_000;
/** How long a node may take to say what became of an invoice, milliseconds. */
export const lookupInvoiceTimeoutMs = 5_000;

/** A node did not answer in time. What it did is not known. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  readonly code = 'deadline_exceeded';
}

/**
 * Waits for a promise, but no longer than `timeoutMs`. The promise itself goes on; what becomes of it afterwards is
 * ignored.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  // By hand: this stands on the path of every challenge, and a race makes four promises of it.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeadlineExceeded(`No answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
