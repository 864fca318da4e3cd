import { hashTypedData } from 'viem/utils';
import type { Address, Hex } from '../chain/hex.js';

/** What a proof of identity is about, when nothing is to be paid. */
export interface ProofSubject {
  /** The account that is proved; for an access key, the account it signs for. */
  readonly account: Address;
  readonly chainId: number;
  readonly challengeId: string;
  readonly realm: string;
}

/**
 * The EIP-712 message of a zero-amount charge. The draft has version "1" and the challenge id alone; the deployed
 * servers and clients all have version "3" with account and realm, which binds the proof to both, and so has Farebox.
 */
export function proofTypedData(subject: ProofSubject) {
  return {
    domain: { name: 'MPP', version: '3', chainId: subject.chainId },
    types: {
      Proof: [
        { name: 'account', type: 'address' },
        { name: 'challengeId', type: 'string' },
        { name: 'realm', type: 'string' },
      ],
    },
    primaryType: 'Proof',
    message: { account: subject.account, challengeId: subject.challengeId, realm: subject.realm },
  } as const;
}

/** The digest that is signed. */
export function proofDigest(subject: ProofSubject): Hex {
  return hashTypedData(proofTypedData(subject));
}
