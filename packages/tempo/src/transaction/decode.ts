import { type Result, refuse } from '@farebox/protocol';
import { keccak256 } from 'viem/utils';
import { type Address, type Hex, readAddress, readHex } from '../chain/hex.js';
import { type RlpValue, readRlpList, readScalar, writeRlp } from './rlp.js';
import { readSignature, type SenderSignature } from './signature.js';

/** One call of a transaction. */
export interface TransactionCall {
  readonly to: Address;
  readonly data: Hex;
}

/** A signed Tempo transaction (type 0x76), taken apart. Nothing in it has been checked on the chain. */
export interface SignedTransaction {
  /**
   * `complete`: the sender pays the fees. `for-sponsor`: signed for somebody else to pay them, and worth nothing until
   * that signature is added.
   */
  readonly form: 'complete' | 'for-sponsor';
  /** Who is said to send it, where the form says it (0x78). */
  readonly claimedSender?: Address;
  readonly chainId: bigint;
  /** Attodollars per gas. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly gas: bigint;
  readonly calls: readonly TransactionCall[];
  readonly nonceKey: bigint;
  readonly nonce: bigint;
  /** Seconds since the epoch; blocks must be older. */
  readonly validBefore?: number;
  /** Seconds since the epoch; blocks must not be older. */
  readonly validAfter?: number;
  readonly feeToken?: Address;
  readonly hasKeyAuthorization: boolean;
  readonly signature: SenderSignature;
  /** What the sender's key has signed. */
  readonly signingDigest: Hex;
  /** The bytes as the chain itself would write them: for a broadcast, when complete. */
  readonly canonical: Hex;
  /** keccak-256 of these: the transaction's name on the chain, when complete. */
  readonly hash: Hex;
  /** All but the signature, for the fee payer's. */
  readonly fields: readonly RlpValue[];
  /** The sender's signature, in the chain's own form. */
  readonly signatureBytes: Hex;
}

/** Most bytes of a transaction: eleven transfers, a key authorization with its scopes, and a passkey's signature. */
export const transactionBytesMax = 8 * 1024;

/** The nonce key of transactions that expire instead of being counted (TIP-1009). */
export const expiringNonceKey = 2n ** 256n - 1n;

/** Where the fields stand. */
const at = {
  chainId: 0,
  maxPriorityFeePerGas: 1,
  maxFeePerGas: 2,
  gas: 3,
  calls: 4,
  accessList: 5,
  nonceKey: 6,
  nonce: 7,
  validBefore: 8,
  validAfter: 9,
  feeToken: 10,
  feePayer: 11,
  authorizationList: 12,
  keyAuthorization: 13,
} as const;
const fieldsMin = 13;
/** What stands for a fee payer's signature that is still to come. */
const placeholder: Hex = '0x00';

function malformed(detail: string): ReturnType<typeof refuse> {
  return refuse('transaction_malformed', detail);
}

function readCalls(value: RlpValue | undefined): readonly TransactionCall[] | undefined {
  if (typeof value === 'string' || value === undefined) return undefined;
  const calls: TransactionCall[] = [];
  for (const call of value) {
    if (typeof call === 'string' || call.length !== 3) return undefined;
    const [to, nativeValue, data] = call;
    const address = readAddress(to);
    const bytes = readHex(data);
    // No native coin exists, and a contract is not created to pay for something.
    if (address === undefined || bytes === undefined || nativeValue !== '0x') return undefined;
    calls.push({ to: address, data: bytes });
  }
  return calls;
}

/** Seconds; undefined in the result for "not given". */
function readTime(value: RlpValue | undefined): { seconds: number | undefined } | undefined {
  const seconds = readScalar(value, 64);
  if (seconds === undefined) return undefined;
  if (seconds === 0n) return { seconds: undefined };
  return seconds <= BigInt(Number.MAX_SAFE_INTEGER) ? { seconds: Number(seconds) } : undefined;
}

function isEmptyList(value: RlpValue | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A root key's permission for an access key: what is permitted, and the signature, in the chain's own form. */
function readKeyAuthorization(value: RlpValue): RlpValue | undefined {
  if (typeof value === 'string' || value.length !== 2) return undefined;
  const [permission, signature] = value;
  const bytes = readHex(signature);
  const read = bytes && readSignature(bytes);
  if (permission === undefined || typeof permission === 'string' || read === undefined) return undefined;
  return [permission, read.canonical];
}

/** The fields and the signature, apart; the key authorization, when there is one, is a list and the signature is none. */
function split(list: readonly RlpValue[]): { fields: readonly RlpValue[]; signature: Hex } | undefined {
  const signature = readHex(list[list.length - 1]);
  const fields = list.slice(0, -1);
  if (signature === undefined || fields.length < fieldsMin || fields.length > fieldsMin + 1) return undefined;
  const authorization = fields[at.keyAuthorization];
  if (authorization === undefined) return { fields, signature };
  const canonical = readKeyAuthorization(authorization);
  return canonical && { fields: [...fields.slice(0, fieldsMin), canonical], signature };
}

/** Who pays the fees, by the field and the first byte. */
function readForm(
  type: string,
  slot: RlpValue | undefined,
): Pick<SignedTransaction, 'form' | 'claimedSender'> | undefined {
  if (type === '0x76' && slot === '0x') return { form: 'complete' };
  if (type === '0x76' && slot === placeholder) return { form: 'for-sponsor' };
  // Not in the draft: what viem, and so the deployed client, sends to a sponsor.
  const sender = type === '0x78' && typeof slot === 'string' ? readAddress(slot) : undefined;
  return sender && { form: 'for-sponsor', claimedSender: sender };
}

function numbersOf(fields: readonly RlpValue[]) {
  const chainId = readScalar(fields[at.chainId], 64);
  const maxPriorityFeePerGas = readScalar(fields[at.maxPriorityFeePerGas], 128);
  const maxFeePerGas = readScalar(fields[at.maxFeePerGas], 128);
  const gas = readScalar(fields[at.gas], 64);
  const nonceKey = readScalar(fields[at.nonceKey], 256);
  const nonce = readScalar(fields[at.nonce], 64);
  if (chainId === undefined || maxPriorityFeePerGas === undefined || maxFeePerGas === undefined)
    return undefined;
  if (gas === undefined || nonceKey === undefined || nonce === undefined) return undefined;
  return { chainId, maxPriorityFeePerGas, maxFeePerGas, gas, nonceKey, nonce };
}

/**
 * Takes a signed Tempo transaction apart, strictly: RLP in its only form, exactly the fields of type 0x76, no native
 * value, no access list, no delegations. What the chain would hash is what is hashed here.
 *
 * Code: `transaction_malformed`.
 *
 * @param raw - 0x76…, or 0x78… as viem writes what is meant for a sponsor.
 */
export function decodeTransaction(raw: unknown): Result<SignedTransaction> {
  const bytes =
    typeof raw === 'string' && raw.length <= 2 + transactionBytesMax * 2 ? readHex(raw) : undefined;
  if (bytes === undefined) {
    return malformed(`The transaction must be hex with 0x, of ${transactionBytesMax} bytes at most`);
  }
  const type = bytes.slice(0, 4);
  if (type !== '0x76' && type !== '0x78') return malformed('The transaction is not of the type 0x76');
  const list = readRlpList(`0x${bytes.slice(4)}`);
  const parts = list && split(list);
  if (parts === undefined) return malformed('The transaction is not encoded as type 0x76 is');
  const { fields } = parts;

  const form = readForm(type, fields[at.feePayer]);
  if (form === undefined)
    return malformed('The transaction has a fee payer that this seller has not asked for');
  const signature = readSignature(parts.signature);
  if (signature === undefined) {
    return malformed(
      'The transaction is not signed in a form that this seller takes: secp256k1, P-256, WebAuthn, or an access key of these (V2)',
    );
  }
  if (!isEmptyList(fields[at.accessList]) || !isEmptyList(fields[at.authorizationList])) {
    return malformed('The transaction carries an access list or delegations, which a payment has no use for');
  }
  const calls = readCalls(fields[at.calls]);
  if (calls === undefined) return malformed('The transaction has a call that is no plain call without value');
  const numbers = numbersOf(fields);
  const validBefore = readTime(fields[at.validBefore]);
  const validAfter = readTime(fields[at.validAfter]);
  const feeTokenField = fields[at.feeToken];
  const feeToken = readAddress(feeTokenField);
  if (numbers === undefined || validBefore === undefined || validAfter === undefined) {
    return malformed('The transaction has a number that is out of range');
  }
  if (feeTokenField !== '0x' && (feeToken === undefined || form.form === 'for-sponsor')) {
    return malformed('The transaction has a fee token that it may not have');
  }
  return {
    ok: true,
    value: {
      ...form,
      ...numbers,
      calls,
      ...(validBefore.seconds === undefined ? undefined : { validBefore: validBefore.seconds }),
      ...(validAfter.seconds === undefined ? undefined : { validAfter: validAfter.seconds }),
      ...(feeToken === undefined ? undefined : { feeToken }),
      hasKeyAuthorization: fields.length > fieldsMin,
      signature: signature.signature,
      ...encodings(form.form, fields, signature.canonical),
    },
  };
}

function encodings(form: SignedTransaction['form'], given: readonly RlpValue[], signature: Hex) {
  // Whichever way it was written for a sponsor, the placeholder is what was signed.
  const fields = form === 'complete' ? given : given.with(at.feePayer, placeholder);
  const canonical: Hex = `0x76${writeRlp([...fields, signature]).slice(2)}`;
  return {
    fields,
    signatureBytes: signature,
    canonical,
    hash: keccak256(canonical),
    signingDigest: keccak256(`0x76${writeRlp(fields).slice(2)}`),
  };
}

/**
 * What a fee payer signs (draft-tempo-charge-00, "Server-Paid Fees"): the transaction, its sender and the fee token,
 * under a first byte of its own.
 */
export function feePayerDigest(transaction: SignedTransaction, sender: Address, feeToken: Address): Hex {
  const fields = transaction.fields.with(at.feeToken, feeToken).with(at.feePayer, sender);
  return keccak256(`0x78${writeRlp(fields).slice(2)}`);
}

/** A fee payer's signature. */
export interface FeePayerSignature {
  readonly r: bigint;
  readonly s: bigint;
  readonly yParity: 0 | 1;
}

function scalar(value: bigint): Hex {
  if (value === 0n) return '0x';
  const hex = value.toString(16);
  return hex.length % 2 === 0 ? `0x${hex}` : `0x0${hex}`;
}

/** The transaction with its fee payer: complete, and the name it will have on the chain. */
export function withFeePayer(
  transaction: SignedTransaction,
  feeToken: Address,
  signature: FeePayerSignature,
): { readonly canonical: Hex; readonly hash: Hex } {
  const vrs = [scalar(BigInt(signature.yParity)), scalar(signature.r), scalar(signature.s)];
  const fields = transaction.fields.with(at.feeToken, feeToken).with(at.feePayer, vrs);
  const canonical: Hex = `0x76${writeRlp([...fields, transaction.signatureBytes]).slice(2)}`;
  return { canonical, hash: keccak256(canonical) };
}
