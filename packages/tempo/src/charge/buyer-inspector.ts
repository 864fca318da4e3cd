import type { BuyerMethod } from '@farebox/protocol';
import type { Address } from '../chain/hex.js';
import { inspectTempoCharge } from './inspect.js';

/** What is paid at all; see `TempoBuyerOptions`. */
export interface TempoInspectorOptions {
  readonly chainId: number;
  readonly currencies: readonly Address[];
  readonly push?: boolean;
}

/**
 * What a `tempo` charge would cost, for who has no key, or does not want to open it: the `inspect` of `tempoBuyer`.
 * Pure, asks nobody.
 */
export function tempoInspector(options: TempoInspectorOptions): BuyerMethod['inspect'] {
  const rules = { push: false, ...options };
  return (challenge, { nowMs }) => {
    const inspected = inspectTempoCharge(challenge, rules, nowMs);
    return inspected.ok ? { ok: true, inspection: inspected.value.inspection } : inspected;
  };
}
