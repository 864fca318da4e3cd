import type { GatewayConfig } from '@farebox/gateway';
import { CliError, usageError } from '../cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { type LedgerTarget, parseTarget } from './target.js';

/** The options that say which ledger is meant. */
export interface SourceOptions {
  readonly config: string;
  /** Instead of what the configuration says. */
  readonly ledger?: string;
  readonly ledgerSchema?: string;
}

/**
 * The ledger that is meant: `--ledger`, or what the configuration says.
 *
 * @throws {CliError}
 */
export async function findTarget(options: SourceOptions): Promise<LedgerTarget> {
  const target =
    options.ledger === undefined
      ? await targetOfConfig(await readConfig(options.config))
      : targetOfOption(options.ledger);
  if (target.kind === 'sqlite' && target.path === ':memory:') {
    throw new CliError(
      'ledger_in_memory',
      'This ledger is kept in the memory of its gateway: nobody else can read it. Keep it in a file: sqlite:farebox.db',
      { retry: 'never' },
    );
  }
  if (options.ledgerSchema === undefined) return target;
  if (target.kind !== 'postgres')
    throw usageError('--ledger-schema is for a ledger in PostgreSQL; leave it out.');
  return { ...target, schema: options.ledgerSchema };
}

function targetOfOption(text: string): LedgerTarget {
  const target = parseTarget(text, process.cwd());
  // The text is not repeated: it may hold a password.
  if (target === undefined)
    throw usageError('Write --ledger sqlite:<path> or --ledger postgres://host/database.');
  return target;
}

/** The ledger that a configuration names. */
async function targetOfConfig({ ledger }: GatewayConfig): Promise<LedgerTarget> {
  if (ledger.kind === 'sqlite') return ledger;
  const { ledgerUrl } = await import('@farebox/gateway');
  const url = await ledgerUrl(ledger).catch((cause: unknown) => {
    const message = cause instanceof Error ? cause.message : "The file with the ledger's URL cannot be read.";
    throw new CliError('ledger_url_file', message, { cause });
  });
  return { kind: 'postgres', url, schema: ledger.schema };
}

/**
 * The gateway's configuration. `environment`: where its node may be named; the process's own when left out.
 *
 * @throws {CliError} with everything that is wrong with it
 */
export async function readConfig(
  path: string,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<GatewayConfig> {
  const { ConfigError, loadConfig } = await import('@farebox/gateway');
  try {
    return await loadConfig(path, environment);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CliError('config_invalid', cause.message, { cause, exitCode: exitCodes.usage, retry: 'never' });
  }
}
