import type { Address } from '../chain/hex.js';

/** What the address of every TIP-20 token begins with: 12 bytes. */
const tokenPrefix = `0x20c0${'00'.repeat(10)}`;
const nobody = `0x${'00'.repeat(20)}`;

/**
 * True for those whom no TIP-20 token can ever be sent to: its own address, that of any other token, and nobody's (TIP-20,
 * `InvalidRecipient`). The chain takes such a transfer back and keeps the fee.
 */
export function cannotReceive(recipient: Address): boolean {
  return recipient === nobody || recipient.startsWith(tokenPrefix);
}
