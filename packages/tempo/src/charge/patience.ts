import { setTimeout as delay } from 'node:timers/promises';

/** The first pause between two looks at the chain while an outcome is not known, milliseconds; each next is twice as long. */
export const lookAgainMs = 250;
/** How often is looked before the answer is "not known yet": for under four seconds in all. */
export const looksMax = 5;

/** How patient a seller is while an outcome is not known. */
export interface SettlePatience {
  readonly lookAgainMs?: number;
  readonly looksMax?: number;
}

/**
 * Looks until there is something to be seen, at most `looksMax` times. Undefined when there never was. Where it comes
 * soon it is seen soon, and a seller who waits for what never comes asks the node a few times only.
 */
export async function lookPatiently<T>(
  look: () => Promise<T | undefined>,
  patience: SettlePatience = {},
): Promise<T | undefined> {
  let pauseMs = patience.lookAgainMs ?? lookAgainMs;
  for (let left = patience.looksMax ?? looksMax; left > 0; left--) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (left > 1) await delay(pauseMs);
    pauseMs *= 2;
  }
  return undefined;
}
