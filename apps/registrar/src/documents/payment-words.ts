import type { DocumentSettings } from './settings.js';

/** The ways to pay, in a sentence's words. */
export function paymentWords(settings: DocumentSettings): string {
  const { tempoChainId, lightning, balance } = settings.payment;
  const ways = [
    ...(tempoChainId === undefined ? [] : [`a Tempo charge (chain ${tempoChainId})`]),
    ...(lightning ? ['a Lightning payment'] : []),
    ...(balance ? ['a prepaid balance'] : []),
  ];
  const last = ways.pop();
  if (last === undefined) return 'no way of payment is set up';
  return ways.length === 0 ? last : `${ways.join(', ')} or ${last}`;
}

/** How long a lock lasts, in words. */
export function lockWords(settings: DocumentSettings): string {
  const seconds = Math.max(1, Math.round(settings.lockLifeMs / 1_000));
  if (seconds % 60 !== 0) return `${seconds} seconds`;
  const minutes = seconds / 60;
  return minutes === 1 ? 'one minute' : `${minutes} minutes`;
}
