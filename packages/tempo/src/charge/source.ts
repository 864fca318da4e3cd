import { type Address, readAddress } from '../chain/hex.js';

/** A payer, as credentials name it: `did:pkh:eip155:<chain>:<address>`. */
export interface PayerSource {
  readonly chainId: number;
  readonly address: Address;
}

const form = /^did:pkh:eip155:([1-9][0-9]{0,15}):(0x[0-9a-fA-F]{40})$/;

/** Writes a payer's name (draft-tempo-charge-00, "Credential Structure"). */
export function payerSource(source: PayerSource): string {
  return `did:pkh:eip155:${source.chainId}:${source.address}`;
}

/** Reads a payer's name; undefined for every other form. */
export function readPayerSource(text: string): PayerSource | undefined {
  const [, chain, hex] = form.exec(text) ?? [];
  const address = readAddress(hex);
  const chainId = Number(chain);
  return address !== undefined && Number.isSafeInteger(chainId) ? { chainId, address } : undefined;
}
