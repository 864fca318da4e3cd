import { type Command, InvalidArgumentError } from 'commander';
import type { TempoOptions } from '../tempo/settings.js';
import { parseAddress } from '../tempo/tokens.js';
import { type VaultOptions, withVaultOptions } from '../vault/options.js';
import { withTempoOptions } from './pay-options.js';

/** Options of every command that asks a Tempo node. */
export interface WalletTempoOptions extends TempoOptions, VaultOptions {
  readonly json?: boolean;
}

/** Adds them. */
export function withWalletTempoOptions(command: Command): Command {
  return withVaultOptions(withTempoOptions(command)).option(
    '--json',
    'one JSON object on stdout, errors as one on stderr',
  );
}

/** Reads an address of the command line. */
export function parseAddressArgument(text: string): `0x${string}` {
  const address = parseAddress(text);
  if (address) return address;
  throw new InvalidArgumentError('An address is 0x and 40 hex digits.');
}

/** Collects a repeatable address. */
export function collectAddress(
  text: string,
  previous: readonly `0x${string}`[] = [],
): readonly `0x${string}`[] {
  return [...previous, parseAddressArgument(text)];
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** Longest time that can be said: ten years. */
const secondsMax = 3_652 * 86_400;

/** Reads `30d`, `12h`, `5m` as seconds. */
export function parseSeconds(text: string): number {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit] ?? Number.NaN);
  if (seconds <= secondsMax) return seconds;
  throw new InvalidArgumentError(
    'A time is a whole number and s, m, h or d, such as 30d; at most ten years.',
  );
}
