import type { Redelivery } from '@farebox/ledger';
import type { GateContext } from './context.js';

/**
 * Asks the ledger for one more delivery, as `Ledger.redeliver`. One that fails here may have been recorded behind our back,
 * and would count against a buyer to whom nothing was given, and hold the claim against other gateways for as long as this
 * one lives. So it is owed to be taken back; where it was not recorded, that changes nothing.
 */
export async function redeliver(gate: GateContext, challengeId: string, seq: number): Promise<Redelivery> {
  try {
    return await gate.ledger.redeliver(seq, gate.redeliveriesMax, gate.now());
  } catch (error) {
    gate.inFlight.owed.owe(challengeId, () => gate.ledger.cut(seq, gate.now(), true));
    throw error;
  }
}
