import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Amount } from '@farebox/protocol';
import type { Header, PayableRequest, PaymentLimits } from '@farebox/wallet';
import { type Command, Option } from 'commander';
import { collectAmount } from '../amount-option.js';
import { CliError, usageError } from '../cli-error.js';
import { readChain, type TempoOptions } from '../tempo/settings.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';

/** Options that every paying command has. */
export interface PayOptions extends NodeOptions {
  readonly yes?: boolean;
  readonly max?: readonly Amount[];
  readonly maxFee?: readonly Amount[];
  readonly json?: boolean;
}

/** Options that say what pays. */
export interface NodeOptions extends TempoOptions, VaultOptions {
  readonly node?: string;
}

/** Adds what every paying command has. */
export function withPayOptions(command: Command): Command {
  return command
    .option('-y, --yes', 'pay; without it, only the price is shown')
    .option(
      '--max <amount>',
      'pay less than the policy allows: most without fees, and in which currency at all; repeatable',
      collectAmount,
    )
    .option(
      '--max-fee <amount>',
      'most in fees on top, where that is less than the policy allows; repeatable',
      collectAmount,
    );
}

/** Adds what every command has that needs the node. */
export function withNodeOptions(command: Command): Command {
  return withLightningOptions(withTempoOptions(command));
}

/** As {@link withNodeOptions}, for what only Lightning can pay. */
export function withLightningOptions(command: Command): Command {
  return withVaultOptions(command)
    .option('--node <kind>', "devnet: pay with the devnet's node, whatever the account has")
    .option('--json', 'one JSON object on stdout, errors as one on stderr');
}

/** Adds where Tempo is. */
export function withTempoOptions(command: Command): Command {
  return command
    .option('--tempo-rpc <url>', 'the Tempo node (default: $FAREBOX_TEMPO_RPC, or the devnet)')
    .option(
      '--tempo-chain <id>',
      'the Tempo chain, and no other (default: $FAREBOX_TEMPO_CHAIN, or 4217)',
      readChain,
    );
}

/** A choice between the payment methods that this wallet has. */
export function methodOption(description: string): Option {
  return new Option('--method <name>', description).choices(['lightning', 'tempo']);
}

/** The limits that were given; the wallet has defaults for the others. */
export function readLimits(options: PayOptions): Partial<PaymentLimits> {
  const { max, maxFee } = options;
  return { ...(max && { max }), ...(maxFee && { maxFee }) };
}

/** Options that make up the request. */
export interface RequestOptions {
  readonly request?: string;
  readonly header?: readonly Header[];
  readonly data?: string;
  readonly dataFile?: string;
}

/** Builds the request as `curl` would, but for JSON: it is recognised and named. */
export async function readRequest(url: string, options: RequestOptions): Promise<PayableRequest> {
  const { data, dataFile, header = [] } = options;
  const { placeToFillIn } = await import('@farebox/wallet');
  const place = placeToFillIn(url);
  if (place !== undefined)
    throw usageError(`Fill in ${place} in the URL; braces that are meant are %7B and %7D.`);
  if (data !== undefined && dataFile !== undefined) throw usageError('Give --data or --data-file, not both.');
  const body = dataFile === undefined ? data : await readDataFile(dataFile);
  const hasType = header.some(([name]) => name.toLowerCase() === 'content-type');
  const headers: readonly Header[] =
    body === undefined || hasType ? header : [...header, ['Content-Type', guessType(body)]];
  return {
    url,
    headers,
    ...(options.request !== undefined && { method: options.request }),
    ...(body !== undefined && { body }),
  };
}

async function readDataFile(path: string): Promise<Uint8Array> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (cause) {
    throw new CliError('data_file', 'The file of --data-file cannot be read.', { cause });
  }
}

function guessType(body: string | Uint8Array): string {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return 'application/json';
  } catch {
    // No JSON: sent as a form, as curl does.
  }
  return 'application/x-www-form-urlencoded';
}
