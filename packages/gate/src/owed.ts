/** How often what is owed is tried again while the ledger does not take it. */
export const owedRetryMs = 1_000;
/** Most challenges with something owed; beyond it the oldest is forgotten, and its holder's end settles it. */
export const owedMax = 65_536;

/** A mark that the ledger must still be given. Idempotent; rejects when it was not taken. */
export type Mark = () => Promise<unknown>;

/**
 * What a gate owes its ledger: marks that it could not record, or that may have been recorded behind its back. Others
 * that share the ledger wait for them, because the claim is this process's for as long as it lives. A mark is given
 * before its credential is looked at again, and otherwise every {@link owedRetryMs} until the ledger takes it.
 */
export interface Owed {
  /** Owes a mark for a challenge; it takes the place of an earlier one. */
  owe(challengeId: string, mark: Mark): void;
  /** True when a mark is owed. */
  has(challengeId: string): boolean;
  /** Gives the mark now, if there is one. Rejects when the ledger does not take it: then nothing may be decided. */
  settle(challengeId: string): Promise<void>;
}

interface Debt {
  readonly mark: Mark;
  paying: Promise<void> | undefined;
}

/**
 * Makes an empty list.
 *
 * @param isFinal says that the ledger will never take the mark (misuse: somebody else has moved the claim on)
 */
export function createOwed(isFinal: (error: unknown) => boolean): Owed {
  const debts = new Map<string, Debt>();
  let timer: NodeJS.Timeout | undefined;

  function pay(challengeId: string, debt: Debt): Promise<void> {
    debt.paying ??= debt.mark().then(
      () => done(challengeId, debt),
      (error: unknown) => {
        debt.paying = undefined;
        if (!isFinal(error)) throw error;
        done(challengeId, debt);
      },
    );
    return debt.paying;
  }

  function done(challengeId: string, debt: Debt): void {
    if (debts.get(challengeId) === debt) debts.delete(challengeId);
  }

  function payAll(): void {
    timer = undefined;
    const all = [...debts].map(([challengeId, debt]) => pay(challengeId, debt));
    void Promise.allSettled(all).then(schedule);
  }

  function schedule(): void {
    if (timer !== undefined || debts.size === 0) return;
    timer = setTimeout(payAll, owedRetryMs);
    // What is owed does not keep a process alive: its end tells the ledger the same.
    timer.unref();
  }

  return {
    owe(challengeId, mark) {
      debts.delete(challengeId);
      debts.set(challengeId, { mark, paying: undefined });
      if (debts.size > owedMax) {
        const [oldest] = debts.keys();
        if (oldest !== undefined) debts.delete(oldest);
      }
      schedule();
    },
    has: (challengeId) => debts.has(challengeId),
    async settle(challengeId) {
      const debt = debts.get(challengeId);
      if (debt !== undefined) await pay(challengeId, debt);
    },
  };
}
