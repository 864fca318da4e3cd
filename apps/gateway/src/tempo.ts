import { readFile } from 'node:fs/promises';
import { type Allowance, openPostgresAllowance, openSqliteAllowance } from '@farebox/ledger';
import type { SellerMethod } from '@farebox/protocol';
import type { BudgetLimits } from '@farebox/tempo';
import type { LedgerConfig, TempoConfig, TempoFeePayerConfig } from './config/config.js';
import { NodeConfigError } from './config/node.js';
import { ledgerUrl } from './ledger.js';
import type { Logger } from './log.js';

/** The `tempo` method of a gateway. */
export interface TempoMethod {
  readonly method: SellerMethod;
  close(): Promise<void>;
}

/** What is added to the name of a ledger's file for the one that keeps what a fee payer spends. */
export const feesFileSuffix = '.fees';

/**
 * Makes the `tempo` method as configured. Nobody is asked yet: the first challenge asks the node which chain it is on.
 *
 * @param ledger the gateway's own ledger, beside which a fee payer's budget is kept; undefined: it is kept in memory
 * @param home where the devnet's file is; `$FAREBOX_HOME` when left out
 * @throws NodeConfigError, LedgerOpenError; their messages never hold a key or a URL that may hold one
 */
export async function openTempo(
  config: TempoConfig,
  ledger: LedgerConfig | undefined,
  logger: Logger,
  home?: string,
): Promise<TempoMethod> {
  // Loaded only now: a gateway without Tempo never loads its library.
  const { createTempoSeller, feePayerFromKey, httpRpc, readAddress } = await import('@farebox/tempo');
  const { url, chainId } = await findNode(config, logger, home);
  const { feePayer } = config;
  const feeToken = readAddress(feePayer?.tokenAddress ?? '');
  let allowance: Allowance | undefined;
  try {
    const rpc = httpRpc({ url });
    let sponsor: NonNullable<Parameters<typeof createTempoSeller>[0]['sponsor']> | undefined;
    if (feePayer !== undefined && feeToken !== undefined) {
      const payer = feePayerFromKey(hexKey(await firstLine(feePayer.keyFile, 'the key of the fee payer')));
      const limits: BudgetLimits = { amount: feePayer.budget, windowMs: feePayer.budgetWindowMs };
      // One purse is one account's fees in one token on one chain, whoever sponsors from it.
      allowance = await openAllowance(feePayer, ledger, `${chainId} ${payer.address} ${feeToken}`);
      sponsor = { feePayer: payer, feeToken, budget: allowance ?? limits, feeMax: feePayer.feeMax };
    }
    const method = createTempoSeller({
      rpc,
      chainId,
      push: config.push,
      tokens: Object.fromEntries(config.tokens.map(({ address, ...terms }) => [address, terms])),
      ...(sponsor === undefined ? {} : { sponsor }),
    });
    return {
      method,
      async close() {
        rpc.close();
        await allowance?.close();
      },
    };
  } catch (cause) {
    await allowance?.close();
    if (!(cause instanceof TypeError)) throw cause;
    throw new NodeConfigError(`Tempo cannot be used as configured: ${cause.message}.`, { cause });
  }
}

/**
 * What the fee payer spends is kept where the claims are, so that all who share those share its budget. Undefined: in
 * memory.
 */
async function openAllowance(
  { budget, budgetWindowMs }: TempoFeePayerConfig,
  ledger: LedgerConfig | undefined,
  purse: string,
): Promise<Allowance | undefined> {
  const terms = { purse, amount: budget, windowMs: budgetWindowMs };
  if (ledger === undefined) return undefined;
  if (ledger.kind === 'sqlite') {
    if (ledger.path === ':memory:') return undefined;
    return openSqliteAllowance({ path: `${ledger.path}${feesFileSuffix}`, ...terms });
  }
  const { schema } = ledger;
  return openPostgresAllowance({
    url: await ledgerUrl(ledger),
    ...(schema === undefined ? {} : { schema }),
    ...terms,
  });
}

async function findNode(
  config: TempoConfig,
  logger: Logger,
  home: string | undefined,
): Promise<{ readonly url: string; readonly chainId: number }> {
  if (config.rpcUrl === undefined && config.rpcFile === undefined) return findDevnet(config, logger, home);
  const url = config.rpcUrl ?? (await firstLine(config.rpcFile ?? '', 'the URL of the Tempo node'));
  return { url, chainId: config.chainId ?? mainChainId };
}

/** Tempo's main network. */
const mainChainId = 4217;

async function findDevnet(
  { chainId }: TempoConfig,
  logger: Logger,
  home: string | undefined,
): Promise<{ readonly url: string; readonly chainId: number }> {
  const { fareboxHome, readDevnetFile } = await import('@farebox/devnet');
  const place = home ?? fareboxHome();
  const found = await readDevnetFile(place).catch(() => undefined);
  if (found?.tempo === undefined) {
    throw new NodeConfigError(
      `tempo names no node, and no devnet with a Tempo chain was found in ${place}. Start one with: farebox devnet --tempo. Or name a node: tempo: { rpc }`,
    );
  }
  logger.warn(
    { url: found.tempo.url },
    'Tempo is paid on the chain of the devnet: its coins are worthless. To sell, name a node: tempo: { rpc }',
  );
  return { url: found.tempo.url, chainId: chainId ?? found.tempo.chainId };
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
