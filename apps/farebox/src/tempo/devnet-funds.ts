import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';

const transferSelector = '0xa9059cbb';
/** Enough gas for a transfer to somebody new. */
const fundGas = '0x1e8480';
const askTimeoutMs = 10_000;

/**
 * Gives an account coins of the devnet's richest one, whose key the chain's own program holds. Throws {@link CliError}
 * `devnet_failed`.
 */
export async function fundOnDevnet(
  url: string,
  address: string,
  amount: bigint,
  token: string,
): Promise<void> {
  const { tempoDevnetAccounts } = await import('@farebox/devnet/tempo');
  const from = tempoDevnetAccounts.at(-1)?.address;
  const data = `${transferSelector}${word(address.slice(2))}${word(amount.toString(16))}`;
  const hash = await ask(url, 'eth_sendTransaction', [{ from, to: token, data, gas: fundGas }]);
  await ask(url, 'evm_mine', []);
  const receipt = await ask(url, 'eth_getTransactionReceipt', [hash]);
  const mined = typeof receipt === 'object' && receipt !== null && 'status' in receipt;
  if (!mined || receipt.status !== '0x1') throw failed('the transfer was taken back');
}

function word(hex: string): string {
  return hex.padStart(64, '0');
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  let answer: unknown;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(askTimeoutMs),
    });
    answer = await response.json();
  } catch (cause) {
    throw new CliError('devnet_failed', 'The devnet does not answer; is farebox devnet --tempo running?', {
      cause,
      exitCode: exitCodes.network,
    });
  }
  if (typeof answer === 'object' && answer !== null && 'result' in answer) return answer.result;
  throw failed(`it refused ${method}`);
}

function failed(why: string): CliError {
  return new CliError('devnet_failed', `The devnet gave nothing: ${why}.`);
}
