import type { TempoDevnet } from '@farebox/devnet/tempo';
import type { Hex } from '../chain/hex.js';

/**
 * Sends a transaction past the seller, as its payer can; the time of the block that it is in, milliseconds since the epoch.
 * That need not be the newest: an idle chain makes one each second.
 */
export async function minedMs(chain: TempoDevnet, signed: Hex): Promise<number> {
  const blockNumber = member(await chain.rpc('eth_sendRawTransactionSync', [signed]), 'blockNumber');
  return Number(member(await chain.rpc('eth_getBlockByNumber', [blockNumber, false]), 'timestamp')) * 1_000;
}

function member(answer: unknown, name: string): unknown {
  if (typeof answer !== 'object' || answer === null) throw new Error(`There is no ${name}.`);
  return Reflect.get(answer, name);
}
