/**
 * Waits for all of them, so that whoever has to mend something is told everything at once.
 *
 * @throws what the only one that failed was rejected with; AggregateError, with a line for each, where several were
 */
export async function every<T extends readonly unknown[]>(works: { readonly [K in keyof T]: Promise<T[K]> }) {
  const settled = await Promise.allSettled(works);
  const reasons: unknown[] = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (reasons.length === 1) throw reasons[0];
  if (reasons.length > 1) throw new AggregateError(reasons, reasons.map(messageOf).join('\n'));
  return Promise.all(works);
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
