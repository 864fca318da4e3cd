import { type Amount, formatAmount } from '@farebox/protocol';
import { usageError } from '../cli-error.js';

/** A token that this wallet pays with. */
export interface Token {
  /** As people write it: `pathUSD`. */
  readonly name: string;
  /** 20 bytes in lowercase hex with 0x. */
  readonly address: `0x${string}`;
}

/** Every TIP-20 stablecoin has so many digits after the point. */
export const tokenDecimals = 6;
/** Most tokens that a wallet pays with. */
const tokensMax = 16;

/** Tempo's own first stablecoin, at the same address on every Tempo chain. */
export const pathUsd: Token = { name: 'pathUSD', address: '0x20c0000000000000000000000000000000000000' };

const addressForm = /^(?:tempox)?0x([0-9a-f]{40})$/i;
const nameForm = /^[A-Za-z][A-Za-z0-9.]{1,20}$/;

/** Reads an address as people write it: hex of either case, or Tempo's notation. */
export function parseAddress(text: string): `0x${string}` | undefined {
  const hex = addressForm.exec(text.trim())?.[1];
  return hex === undefined ? undefined : `0x${hex.toLowerCase()}`;
}

/**
 * The tokens that are paid with, and no others: pathUSD, or what `FAREBOX_TEMPO_TOKENS` says, such as
 * `pathUSD,USDC=0x20c0…`. Throws a usage error for what cannot be read: a list that is half understood is no list.
 */
export function readTokens(env: NodeJS.ProcessEnv = process.env): readonly Token[] {
  const text = env.FAREBOX_TEMPO_TOKENS?.trim();
  if (text === undefined || text === '') return [pathUsd];
  const tokens = text.split(',').map((part) => readToken(part.trim()));
  const names = new Set(tokens.map(({ name }) => name.toLowerCase()));
  const addresses = new Set(tokens.map(({ address }) => address));
  if (tokens.length > tokensMax || names.size < tokens.length || addresses.size < tokens.length) {
    throw usageError(`FAREBOX_TEMPO_TOKENS names a token twice, or more than ${tokensMax} of them.`);
  }
  return tokens;
}

function readToken(text: string): Token {
  if (text.toLowerCase() === pathUsd.name.toLowerCase()) return pathUsd;
  const [name = '', given = ''] = text.split('=');
  const address = parseAddress(given);
  if (address === undefined || !nameForm.test(name) || isBitcoin(name)) {
    throw usageError(
      'FAREBOX_TEMPO_TOKENS is a list such as pathUSD,USDC=0x20c0…: names, with the address of each token that is not known.',
    );
  }
  return { name, address };
}

function isBitcoin(name: string): boolean {
  return /^(?:m?sats?|btc)$/i.test(name);
}

/** The token of a name or an address; undefined when it is not among them. */
export function findToken(text: string, tokens: readonly Token[]): Token | undefined {
  const address = parseAddress(text);
  return tokens.find((token) =>
    address === undefined ? token.name.toLowerCase() === text.toLowerCase() : token.address === address,
  );
}

/** Reads `0.05` as base units; undefined when it is no such number or has too many digits after the point. */
export function parseUnits(text: string): bigint | undefined {
  const [, whole = '', fraction = ''] = /^([0-9]{1,12})(?:\.([0-9]{1,6}))?$/.exec(text) ?? [];
  return whole === '' ? undefined : BigInt(whole + fraction.padEnd(tokenDecimals, '0'));
}

/** Base units as a decimal number: `0.05`. */
export function formatUnits(units: bigint): string {
  const digits = units.toString().padStart(tokenDecimals + 1, '0');
  const fraction = digits.slice(-tokenDecimals).replace(/0+$/, '');
  return `${digits.slice(0, -tokenDecimals)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** An amount for people: `1 sat`, `0.05 pathUSD`; base units and the address of a token that has no name here. */
export function showAmount(amount: Amount, tokens: readonly Token[] = readTokens()): string {
  const address = parseAddress(amount.currency);
  const token = tokens.find((one) => one.address === address);
  return token ? `${formatUnits(amount.amount)} ${token.name}` : formatAmount(amount);
}
