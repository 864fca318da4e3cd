import type { Ledger } from '@farebox/ledger';

/** Whether the ledger answered when it was last asked: nobody is to pay what could not be recorded. */
export interface LedgerHealth {
  /** It has just not answered. */
  failed(): void;
  /** True, or what becomes true when it answers again. It is asked only after it has failed, once at a time. */
  answers(): true | Promise<boolean>;
}

/** An id that no challenge has: the cheapest question that needs the ledger to answer. */
const nobody = 'A'.repeat(43);

/** Makes the health of a ledger that nothing is known against. */
export function createLedgerHealth(ledger: Pick<Ledger, 'find'>): LedgerHealth {
  let doubtful = false;
  let asking: Promise<boolean> | undefined;

  async function ask(): Promise<boolean> {
    try {
      await ledger.find(nobody);
      doubtful = false;
      return true;
    } catch {
      return false;
    } finally {
      asking = undefined;
    }
  }

  return {
    failed() {
      doubtful = true;
    },
    answers() {
      if (!doubtful) return true;
      asking ??= ask();
      return asking;
    },
  };
}
