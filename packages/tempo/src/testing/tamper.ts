import { fromRlp, keccak256, toRlp } from 'viem';
import { sign } from 'viem/accounts';
import type { Hex } from '../chain/hex.js';
import type { RlpValue } from '../transaction/rlp.js';
import type { Payer } from './shop.js';

/** Where the fields of a transaction of type 0x76 stand. */
export const field = {
  chainId: 0,
  maxPriorityFeePerGas: 1,
  calls: 4,
  accessList: 5,
  nonce: 7,
  validBefore: 8,
  validAfter: 9,
  feeToken: 10,
  feePayer: 11,
  authorizationList: 12,
} as const;

/** The fields of a signed transaction, its signature last. */
export function fieldsOf(signed: Hex): readonly RlpValue[] {
  const fields = fromRlp(`0x${signed.slice(4)}`, 'hex');
  if (typeof fields === 'string') throw new Error('no list');
  return fields;
}

export function write(fields: readonly RlpValue[], type = '76'): Hex {
  return `0x${type}${toRlp(fields, 'hex').slice(2)}`;
}

/** Changes the fields under the signature. */
export function tamper(signed: Hex, change: (fields: readonly RlpValue[]) => readonly RlpValue[]): Hex {
  return write(change(fieldsOf(signed)));
}

/** Changes the fields and signs again, with the payer's own key. */
export async function forge(
  payer: Payer,
  signed: Hex,
  change: (fields: readonly RlpValue[]) => readonly RlpValue[],
): Promise<Hex> {
  const fields = change(fieldsOf(signed).slice(0, -1));
  const hash = keccak256(write(fields));
  const signature = await sign({ hash, privateKey: payer.privateKey, to: 'hex' });
  return write([...fields, signature]);
}

/** Changes the signature, in hex without 0x. */
export function reseal(signed: Hex, change: (signature: string) => string): Hex {
  return tamper(signed, (fields) => {
    const last = fields[fields.length - 1];
    if (typeof last !== 'string') throw new Error('no signature');
    return [...fields.slice(0, -1), `0x${change(last.slice(2))}`];
  });
}

const secp256k1Order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature that the same key could have made of the same digest: s negated, parity flipped. */
export function highS(signature: string): string {
  const s = secp256k1Order - BigInt(`0x${signature.slice(64, 128)}`);
  const v = signature.slice(128) === '1b' ? '1c' : '1b';
  return `${signature.slice(0, 64)}${s.toString(16).padStart(64, '0')}${v}`;
}
