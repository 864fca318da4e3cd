import { readFile } from 'node:fs/promises';
import type { SellerMethod } from '@farebox/protocol';
import type { TempoConfig } from './config/config.js';
import { NodeConfigError } from './config/node.js';

/** The `tempo` method of a gateway. */
export interface TempoMethod {
  readonly method: SellerMethod;
  close(): Promise<void>;
}

/**
 * Makes the `tempo` method as configured. Nobody is asked yet: the first challenge asks the node which chain it is on.
 *
 * @throws NodeConfigError; its message never holds a key or a URL that may hold one
 */
export async function openTempo(config: TempoConfig): Promise<TempoMethod> {
  // Loaded only now: a gateway without Tempo never loads its library.
  const { createTempoSeller, feePayerFromKey, httpRpc, readAddress } = await import('@farebox/tempo');
  const url = config.rpcUrl ?? (await firstLine(config.rpcFile ?? '', 'the URL of the Tempo node'));
  const { feePayer } = config;
  const feeToken = readAddress(feePayer?.tokenAddress ?? '');
  try {
    const rpc = httpRpc({ url });
    const method = createTempoSeller({
      rpc,
      chainId: config.chainId,
      push: config.push,
      tokens: Object.fromEntries(config.tokens.map(({ address, ...terms }) => [address, terms])),
      ...(feePayer === undefined || feeToken === undefined
        ? {}
        : {
            sponsor: {
              feePayer: feePayerFromKey(
                hexKey(await firstLine(feePayer.keyFile, 'the key of the fee payer')),
              ),
              feeToken,
              budget: { amount: feePayer.budget, windowMs: feePayer.budgetWindowMs },
              feeMax: feePayer.feeMax,
            },
          }),
    });
    return { method, close: async () => rpc.close() };
  } catch (cause) {
    if (cause instanceof NodeConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : 'it cannot be used';
    throw new NodeConfigError(`Tempo cannot be used as configured: ${reason}.`, { cause });
  }
}

function hexKey(text: string): `0x${string}` {
  return `0x${text.replace(/^0x/, '')}`;
}

async function firstLine(path: string, what: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split('\n', 1)[0]?.trim() ?? '';
  } catch (cause) {
    throw new NodeConfigError(`The file ${path} with ${what} cannot be read; check its path and its mode.`, {
      cause,
    });
  }
}
