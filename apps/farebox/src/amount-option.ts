import type { Amount } from '@farebox/protocol';
import { InvalidArgumentError } from 'commander';
import { findToken, parseUnits, readTokens, type Token } from './tempo/tokens.js';

/** Most digits of an amount: 21 million bitcoin in msat have 19. */
const digitsMax = 19;

/**
 * Reads an amount of the command line: `100sat`, `100 sat`, `1500msat`, `0.05pathUSD`. A bare number is refused: other
 * wallets take bitcoin in one place and satoshis in the next, and a wrong guess costs a factor of 100 million.
 *
 * @param tokens - The tokens that have a name here; those of `FAREBOX_TEMPO_TOKENS` when left out.
 */
export function parseAmountOption(text: string, tokens: readonly Token[] = readTokens()): Amount {
  const [, number = '', unit = ''] = /^([0-9._]+) ?([A-Za-z].*|0x.*)$/.exec(text.trim()) ?? [];
  const amount = /^m?sats?$/i.test(unit) ? parseSats(number, unit) : parseToken(number, unit, tokens);
  if (amount) return amount;
  const names = tokens.map(({ name }) => `0.05${name}`).join(' or ');
  throw new InvalidArgumentError(`Say the amount with its unit, like 100sat, 500msat or ${names}.`);
}

function parseSats(number: string, unit: string): Amount | undefined {
  const digits = number.replaceAll('_', '');
  if (!/^[0-9]+$/.test(digits) || number.length > digitsMax) return undefined;
  return { amount: BigInt(digits), currency: unit.toLowerCase() === 'msat' ? 'msat' : 'sat' };
}

function parseToken(number: string, unit: string, tokens: readonly Token[]): Amount | undefined {
  const token = findToken(unit, tokens);
  const units = parseUnits(number);
  return token && units !== undefined ? { amount: units, currency: token.address } : undefined;
}

/** Collects a repeatable option: one amount for each currency; the last one of a currency counts. */
export function collectAmount(text: string, previous: readonly Amount[] = []): readonly Amount[] {
  const amount = parseAmountOption(text);
  return [...previous.filter(({ currency }) => currency !== amount.currency), amount];
}
