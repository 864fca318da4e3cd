import { type Enter, isEnter, type Operation } from '../front/operations.js';

/**
 * The operations that PostgreSQL shall try to append as new claims, as their places in the batch and in the order in
 * which it shall try. Two that agree in challenge and reference are one: the first.
 *
 * Those whose challenge and reference no other one has go first, in the order of their challenges: two gateways that
 * append the same claims at once then wait for each other in one order, and cannot deadlock. Those that cross (one
 * challenge with two payments, or one payment with two challenges) come last, in the order of the batch, because which
 * of them is let in depends on it.
 */
export function candidatesOf(operations: readonly Operation[]): readonly number[] {
  const seen = new Set<string>();
  const challenges = new Map<string, number>();
  const references = new Map<string, number>();
  const candidates: { readonly at: number; readonly enter: Enter }[] = [];
  operations.forEach((operation, at) => {
    if (!isEnter(operation)) return;
    const { challengeId, reference } = operation;
    const pair = challengeId + reference;
    if (seen.has(pair)) return;
    seen.add(pair);
    challenges.set(challengeId, (challenges.get(challengeId) ?? 0) + 1);
    references.set(reference, (references.get(reference) ?? 0) + 1);
    candidates.push({ at, enter: operation });
  });
  const crosses = ({ challengeId, reference }: Enter): boolean =>
    challenges.get(challengeId) !== 1 || references.get(reference) !== 1;
  const clean = candidates.filter(({ enter }) => !crosses(enter));
  const crossing = candidates.filter(({ enter }) => crosses(enter));
  clean.sort((a, b) => (a.enter.challengeId < b.enter.challengeId ? -1 : 1));
  return [...clean, ...crossing].map(({ at }) => at);
}
