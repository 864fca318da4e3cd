import type { TempoChain } from '@farebox/tempo';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';

/** Refuses a node that is on another chain than the wallet: its balances and keys are somebody else's. */
export async function checkChain(chain: TempoChain, chainId: number): Promise<void> {
  const answer = await chain.request('eth_chainId', []);
  if (typeof answer !== 'string' || !/^0x[0-9a-f]{1,14}$/.test(answer)) {
    throw new CliError('rpc_malformed', "The Tempo node's chain id cannot be read.", {
      exitCode: exitCodes.network,
    });
  }
  const found = Number(answer);
  if (found === chainId) return;
  const message = `The node is on the chain ${found}, this wallet pays on ${chainId}; name the chain with --tempo-chain, or another node.`;
  throw new CliError('chain_mismatch', message, { exitCode: exitCodes.policy, retry: 'never' });
}
