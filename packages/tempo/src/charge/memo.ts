import { keccak256, stringToBytes } from 'viem';
import type { Hex } from '../chain/hex.js';

/**
 * The attribution memo, 32 bytes, that ties a transfer to one challenge of one realm. The draft leaves it out; the
 * deployed servers all ask for it, and without it any public transfer of the right size could be claimed.
 *
 * | Bytes  | What                                              |
 * | ------ | ------------------------------------------------- |
 * | 0…3    | keccak256("mpp"), its first four                   |
 * | 4      | version, 1                                         |
 * | 5…14   | keccak256(realm), its first ten                    |
 * | 15…24  | keccak256(client's name), its first ten, or zeros  |
 * | 25…31  | keccak256(challenge id), its first seven           |
 */
export interface MemoBinding {
  readonly realm: string;
  readonly challengeId: string;
}

const clientBytes = 10;
const tag = fingerprint('mpp', 4);
const version = '01';

/** The first bytes of a text's hash, in hex without 0x. */
function fingerprint(text: string, bytes: number): string {
  return keccak256(stringToBytes(text)).slice(2, 2 + bytes * 2);
}

function serverPart(binding: MemoBinding): string {
  return `0x${tag}${version}${fingerprint(binding.realm, 10)}`;
}

function challengePart(binding: MemoBinding): string {
  return fingerprint(binding.challengeId, 7);
}

/** Makes the memo of a payment. `clientName` tells the seller's statistics who paid; nothing rests on it. */
export function attributionMemo(binding: MemoBinding, clientName?: string): Hex {
  const client = clientName === undefined ? '00'.repeat(clientBytes) : fingerprint(clientName, clientBytes);
  return `0x${serverPart(binding).slice(2)}${client}${challengePart(binding)}`;
}

/** Tells whether a memo (lowercase hex) was made for this challenge; the client's part may be anything. */
export function memoMatcher(binding: MemoBinding): (memo: Hex) => boolean {
  const server = serverPart(binding);
  const challenge = challengePart(binding);
  return (memo) => memo.length === 66 && memo.startsWith(server) && memo.endsWith(challenge);
}
