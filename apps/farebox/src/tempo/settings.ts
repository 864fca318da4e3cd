import { usageError } from '../cli-error.js';
import { readTempoDevnet } from '../devnet-tempo.js';
import type { Home } from '../home.js';
import { readTokens, type Token } from './tokens.js';

/** Tempo's main network. */
export const mainChainId = 4217;

/** What the command line says of Tempo. */
export interface TempoOptions {
  readonly tempoRpc?: string;
  readonly tempoChain?: number;
}

/** How Tempo is paid on. */
export interface TempoSettings {
  /** The node's JSON-RPC. May hold a key: never shown. Undefined: none was named, and no devnet runs. */
  readonly rpcUrl: string | undefined;
  /** The only chain that is paid on. */
  readonly chainId: number;
  /** The only tokens that are paid with. */
  readonly tokens: readonly Token[];
  /** True on the chain of `farebox devnet --tempo`: its coins are worthless. */
  readonly devnet: boolean;
}

/**
 * Where and with what Tempo payments are made: the options, else `FAREBOX_TEMPO_RPC` and `FAREBOX_TEMPO_CHAIN`, else
 * the running devnet's chain. A node of one's own is taken to be on the main network unless the chain is named; the
 * wallet checks before each payment that it is.
 */
export async function readTempoSettings(
  options: TempoOptions,
  home: Home,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TempoSettings> {
  const tokens = readTokens(env);
  const rpcUrl = checkUrl(options.tempoRpc ?? (env.FAREBOX_TEMPO_RPC || undefined));
  const named = options.tempoChain ?? readChain(env.FAREBOX_TEMPO_CHAIN);
  if (rpcUrl !== undefined) return { rpcUrl, chainId: named ?? mainChainId, tokens, devnet: false };
  const devnet = await readTempoDevnet(home);
  return {
    rpcUrl: devnet?.url,
    chainId: named ?? devnet?.chainId ?? mainChainId,
    tokens,
    devnet: devnet !== undefined,
  };
}

function checkUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'https:' || protocol === 'http:') return text;
  // Not shown: it may hold a key.
  throw usageError('The address of the Tempo node (--tempo-rpc, FAREBOX_TEMPO_RPC) is no http or https URL.');
}

/** Reads a chain id; undefined when there is none. */
export function readChain(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const chainId = Number(text);
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(chainId)) return chainId;
  throw usageError('A chain id (--tempo-chain, FAREBOX_TEMPO_CHAIN) is a whole number, such as 4217.');
}
