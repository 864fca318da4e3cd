import { privateKeyToAddress, sign } from 'viem/accounts';
import { type Address, type Hex, readAddress } from '../chain/hex.js';
import type { FeePayerSignature } from '../transaction/decode.js';

/** Who pays the fees of others. */
export interface FeePayer {
  readonly address: Address;
  /**
   * Signs a digest. Must give the same signature for the same digest (RFC 6979), since the name of the transaction
   * depends on it and an outcome is looked up by that name.
   */
  sign(digest: Hex): Promise<FeePayerSignature>;
}

/**
 * A fee payer with a secp256k1 key in memory.
 *
 * @throws TypeError when it is no private key; the message does not hold it.
 *
 * @example
 * ```ts
 * import { feePayerFromKey } from '@farebox/tempo';
 * export const feePayer = feePayerFromKey(`0x${'11'.repeat(32)}`);
 * ```
 */
export function feePayerFromKey(privateKey: Hex): FeePayer {
  let address: Address | undefined;
  try {
    address = readAddress(privateKeyToAddress(privateKey));
  } catch {
    // Without the cause: it would show the key.
  }
  if (address === undefined)
    throw new TypeError('The fee payer needs a private key of 32 bytes in hex with 0x');
  return {
    address,
    async sign(digest) {
      const { r, s, yParity } = await sign({ hash: digest, privateKey });
      return { r: BigInt(r), s: BigInt(s), yParity: yParity === 1 ? 1 : 0 };
    },
  };
}
