import { checkKeyActive } from '../accounts/key-check.js';
import { checkSnapshotChain, readSnapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import { type Address, type Hex, readHex } from '../chain/hex.js';
import { readSignature, recoverSigner, type SenderSignature } from '../transaction/signature.js';
import { keyCodes, keyTypeOf } from './key-codes.js';
import { type ProofSubject, proofDigest } from './proof-message.js';
import { refusePayment } from './refusal.js';

/** Most bytes of a proof. */
const proofBytesMax = 2 * 1024;
/** What Tempo's wallets put behind a signature that is not a transaction's. */
const magic = '77'.repeat(32);

type Refusal = ReturnType<typeof refusePayment>;

/**
 * Checks the proof of a zero-amount charge (draft-tempo-charge-00, "Proof Verification"; the message as deployed). The
 * account's own key needs no node; an access key must be registered and unexpired on the chain, now. Undefined when the
 * proof holds.
 *
 * @throws TempoRpcError when the chain cannot be asked about an access key, or the node belongs to another.
 */
export async function findProofFault(
  chain: TempoChain,
  signatureText: unknown,
  subject: ProofSubject,
): Promise<Refusal | undefined> {
  const bytes =
    typeof signatureText === 'string' && signatureText.length <= 2 + proofBytesMax * 2
      ? readHex(signatureText)
      : undefined;
  if (bytes === undefined) return refusePayment('payload-malformed', 'payload.signature must be hex with 0x');
  const bare: Hex =
    bytes.length > 130 && bytes.endsWith(magic) ? `0x${bytes.slice(2, -magic.length)}` : bytes;
  const invalid = () =>
    refusePayment('signature-invalid', 'The proof was not signed by the account that source names');
  const signature = readSignature(bare)?.signature;
  if (signature === undefined) return invalid();
  const signer = await recoverSigner(signature, proofDigest(subject));
  // A passkey's signature is checked by the chain only, and here there is no transaction.
  if (signer === undefined || !signer.proved) return invalid();
  if (signature.kind === 'keychain') {
    return signer.key === undefined || signer.account !== subject.account
      ? invalid()
      : findKeyFault(chain, signature, signer.key, subject);
  }
  if (signer.account === subject.account) return undefined;
  // An access key's signature without the envelope: deployed servers take it, and the message names the account.
  return findKeyFault(chain, signature, signer.account, subject);
}

async function findKeyFault(
  chain: TempoChain,
  signature: SenderSignature,
  keyAddress: Address,
  { account, chainId }: ProofSubject,
): Promise<Refusal | undefined> {
  const snapshot = await readSnapshot(chain, { key: { account, keyAddress, tokens: [] } });
  checkSnapshotChain(snapshot, chainId);
  const { key, timeS } = snapshot;
  const keyType = keyTypeOf(signature);
  const active = key && checkKeyActive(key, { keyAddress, keyType, rootAccount: account }, timeS);
  if (active?.ok) return undefined;
  const code = active === undefined ? 'key-invalid' : (keyCodes[active.code] ?? 'key-invalid');
  return refusePayment(
    code,
    'The proof was signed by a key that is not an active access key of the account that source names',
  );
}
