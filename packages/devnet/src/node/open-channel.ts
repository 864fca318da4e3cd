import type { Chain } from '../chain/chain.js';
import type { EmbeddedNode } from './embedded-node.js';

/** Blocks above a new channel's funding. */
const confirmations = 6;

/** Opens a channel with all coins on the side of `from`, and mines it. Both must be connected. */
export async function openChannel(
  from: EmbeddedNode,
  to: EmbeddedNode,
  capacitySat: bigint,
  chain: Chain,
  nowSeconds: number,
  timeoutMs: number,
): Promise<void> {
  const { activity } = from.core;
  const peerId = Buffer.from(to.core.nodeId, 'hex');
  const connected = () => from.isConnectedTo(to.core.nodeId) && to.isConnectedTo(from.core.nodeId);
  if (!(await activity.until(connected, timeoutMs)))
    throw new Error('The nodes of the devnet did not connect.');
  const created = from.core.parts.manager.create_channel(peerId, capacitySat, 0n, 1n, null, null);
  if (!created.is_ok()) throw new Error('A channel of the devnet could not be created.');
  from.core.kick();
  if (!(await activity.until(() => chain.mempool.size > 0, timeoutMs))) {
    throw new Error('A channel of the devnet was not funded.');
  }
  chain.mine(confirmations, nowSeconds);
}
