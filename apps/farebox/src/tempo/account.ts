import type { TempoAccount, TempoChain } from '@farebox/tempo';
import { CliError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import type { TempoKey } from './key-file.js';
import type { TempoKeyPlace } from './key-place.js';
import type { TempoSettings } from './settings.js';

/** What to do when there is no key. */
export const noKeyAdvice = 'There is no Tempo key here; make one with: farebox wallet tempo create';
/** What to do when there is no node. */
export const noNodeAdvice =
  'There is no Tempo node to ask; name one with --tempo-rpc or FAREBOX_TEMPO_RPC, or start a chain for trying with: farebox devnet --tempo';

/** The account of a key. Throws {@link CliError} `key_file_malformed`. */
export async function accountOf(key: TempoKey): Promise<TempoAccount> {
  const { accessKeyAccount, ownAccount, parseKeyAuthorization } = await import('@farebox/tempo');
  const { privateKey, keyType, rootAccount, authorization } = key;
  const parsed = authorization === undefined ? undefined : parseKeyAuthorization(authorization);
  if (parsed && !parsed.ok) throw malformed(parsed.detail);
  try {
    if (rootAccount === undefined) return ownAccount({ privateKey, keyType });
    return accessKeyAccount({
      privateKey,
      keyType,
      rootAccount,
      ...(parsed?.ok && { authorization: parsed.value }),
    });
  } catch (error) {
    // Its own sentence, which never holds the key.
    throw malformed(error instanceof TypeError ? error.message : 'It cannot be used');
  }
}

function malformed(why: string): CliError {
  return new CliError('key_file_malformed', `The Tempo key of this wallet cannot be used: ${why}.`, {
    retry: 'never',
  });
}

/** The key that is in its place. Throws {@link CliError} `key_missing`. */
export async function requireKey(place: TempoKeyPlace): Promise<TempoKey> {
  const key = await place.read();
  if (key) return key;
  throw new CliError('key_missing', `${noKeyAdvice}.`, { retry: 'never' });
}

/** A connection to the node. */
export interface ChainAccess {
  readonly chain: TempoChain;
  close(): void;
}

/** Opens a connection to the configured node; nothing is asked yet. Throws {@link CliError} `node_not_found`. */
export async function openChain(settings: TempoSettings): Promise<ChainAccess> {
  if (settings.rpcUrl === undefined) throw new CliError('node_not_found', `${noNodeAdvice}.`);
  const { httpRpc, tempoChain } = await import('@farebox/tempo');
  const rpc = httpRpc({ url: settings.rpcUrl });
  return { chain: tempoChain(rpc), close: () => rpc.close() };
}

/** Runs what asks the node; a node that does not answer is a failure of the network, in its own words. */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { TempoRpcError } = await import('@farebox/tempo');
    if (!(error instanceof TempoRpcError)) throw error;
    const exitCode = error.code === 'rpc_refused' ? exitCodes.failed : exitCodes.network;
    throw new CliError(error.code, `${error.message}.`, { exitCode });
  }
}
