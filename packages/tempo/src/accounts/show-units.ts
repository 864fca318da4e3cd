import type { Address } from '../chain/hex.js';

/** Every TIP-20 stablecoin has so many digits after the point. */
export const tokenDecimals = 6;

/** Tempo's own first stablecoin, at the same address on every Tempo chain; others go by their address. */
const names: ReadonlyMap<Address, string> = new Map([
  ['0x20c0000000000000000000000000000000000000', 'pathUSD'],
]);

function decimal(units: bigint): string {
  const digits = units.toString().padStart(tokenDecimals + 1, '0');
  const fraction = digits.slice(-tokenDecimals).replace(/0+$/, '');
  return `${digits.slice(0, -tokenDecimals)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Base units of a TIP-20 token for people: `0.005 pathUSD`, or `0.005 of 0x20c0…` where the token has no name here. */
export function showUnits(units: bigint, token: Address): string {
  const name = names.get(token);
  return name === undefined ? `${decimal(units)} of ${token}` : `${decimal(units)} ${name}`;
}

/** The same as an argument of the `farebox` command: `0.005pathUSD`. */
export function unitsArgument(units: bigint, token: Address): string {
  const name = names.get(token);
  return name === undefined ? `"${decimal(units)} ${token}"` : `${decimal(units)}${name}`;
}
