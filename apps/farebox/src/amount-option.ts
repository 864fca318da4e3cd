import type { Amount } from '@farebox/protocol';
import { InvalidArgumentError } from 'commander';

/** Most digits of an amount: 21 million bitcoin in msat have 19. */
const digitsMax = 19;

/**
 * Reads an amount of the command line: `100sat`, `100 sat`, `1500msat`. A bare number is refused: other wallets take
 * bitcoin in one place and satoshis in the next, and a wrong guess costs a factor of 100 million.
 */
export function parseAmountOption(text: string): Amount {
  const match = new RegExp(`^([0-9_]{1,${digitsMax}}) ?(sat|sats|msat)$`).exec(text.trim().toLowerCase());
  const digits = match?.[1]?.replaceAll('_', '');
  if (match === null || digits === undefined || digits === '') {
    throw new InvalidArgumentError('Say the amount with its unit, like 100sat or 500msat.');
  }
  return { amount: BigInt(digits), currency: match[2] === 'msat' ? 'msat' : 'sat' };
}
