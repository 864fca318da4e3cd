import type { TempoRpcError } from '../chain/rpc.js';
import type { TempoRefusalCode } from './refusal.js';

/** What a node's error says of a transaction that was broadcast. */
export type NodeVerdict =
  /** The chain will not take it as it is; `why` is one sentence without its full stop. */
  | { readonly kind: 'refused'; readonly code: TempoRefusalCode; readonly why: string }
  /** The node has met it, or its nonce, before: it may be mined, or will be. */
  | { readonly kind: 'seen' }
  /** Nothing can be concluded. */
  | { readonly kind: 'unknown' };

interface Rule {
  readonly pattern: RegExp;
  readonly code: TempoRefusalCode;
  readonly why: string;
}

/**
 * The node's own words, of Tempo's execution code and of its mempool, and what they mean to the payer. By words and not
 * by numbers: the numbers differ from node to node. The first that fits counts.
 */
const rules: readonly Rule[] = [
  {
    pattern: /KeyNotFound/i,
    code: 'key-not-registered',
    why: "The access key is not registered for the paying account (AccountKeychainError(KeyNotFound)); authorise it with the account's root key, or sign with the account's own key",
  },
  {
    pattern: /KeyExpired|access key expired|expiry .* is in the past/i,
    code: 'key-expired',
    why: 'The access key has expired (AccountKeychainError(KeyExpired)); authorise a new one',
  },
  {
    pattern: /KeyAlreadyRevoked/i,
    code: 'key-revoked',
    why: 'The access key was revoked (AccountKeychainError(KeyAlreadyRevoked)); authorise a new one',
  },
  {
    pattern: /KeyAlreadyExists/i,
    code: 'key-already-registered',
    why: 'The access key is registered already (AccountKeychainError(KeyAlreadyExists)); sign again without the key authorization',
  },
  {
    pattern: /SpendingLimitExceeded/i,
    code: 'spending-limit',
    why: 'The access key may not spend so much, fees included (AccountKeychainError(SpendingLimitExceeded)); raise its limit',
  },
  {
    pattern: /CallNotAllowed/i,
    code: 'key-scope',
    why: 'The access key may not make this payment (AccountKeychainError(CallNotAllowed)); widen its scope',
  },
  {
    pattern: /keychain|access key|KeyAuthorization/i,
    code: 'key-invalid',
    why: 'The chain does not accept the access key or its authorization',
  },
  {
    pattern: /insufficient liquidity|invalid fee token|fee token \S+ (?:is|uses)|InvalidFeeToken/i,
    code: 'fee-token',
    why: 'The fee cannot be paid in the chosen fee token; choose another',
  },
  {
    pattern: /insufficient|lack of funds|InsufficientBalance/i,
    code: 'insufficient-funds',
    why: 'The paying account holds too little for the price and the fee',
  },
  {
    pattern: /too far in the future/i,
    code: 'validity-window',
    why: 'The signed transaction is valid for longer than the chain allows; sign again, with a validBefore within 30 seconds',
  },
  {
    pattern: /replacement/i,
    code: 'nonce-used',
    why: "Another transaction with the signed transaction's nonce is waiting to be mined; sign again",
  },
  {
    pattern: /transaction expired|valid_?before|InvalidExpiringNonceExpiry/i,
    code: 'expired-signature',
    why: 'The validity of the signed transaction has run out; sign again',
  },
  {
    pattern: /not valid yet|valid_?after/i,
    code: 'validity-window',
    why: 'The signed transaction is not valid yet',
  },
  {
    pattern: /underpriced|max fee per gas less than|base ?fee|gas price/i,
    code: 'fee-too-low',
    why: 'The transaction offers less for gas than the chain asks; sign again with a current maxFeePerGas',
  },
  {
    pattern: /intrinsic gas|gas limit|gas cost|out of gas|gas floor/i,
    code: 'gas-too-low',
    why: 'The transaction has too little gas, or more than the chain allows; estimate it again',
  },
  {
    pattern: /PolicyForbids|ContractPaused|paused/i,
    code: 'token-policy',
    why: 'The token does not allow this transfer',
  },
  {
    pattern: /nonce too high|nonce gap/i,
    code: 'nonce-gap',
    why: 'An earlier transaction of the account is missing; send it, then present the same credential again',
  },
  {
    pattern: /signature|recover|decode|invalid sender/i,
    code: 'signature-invalid',
    why: 'The chain cannot read the transaction or does not accept its signature',
  },
];

const seenWords = /already known|already imported|already in|ExpiringNonceReplay|nonce .*too low/i;
/** Ours to mend: a full or foreign node says nothing of the payer. */
const ourFault = /chain ?id|pool is full|txpool|overflow|rate limit|too many requests|timeout|timed out/i;
/** JSON-RPC codes that say that the transaction, and not the question, was refused (EIP-1474; geth's general one). */
const rejectionCodes: ReadonlySet<number> = new Set([-32003, -32000]);

/** Reads a node's error after a broadcast. */
export function readVerdict(error: TempoRpcError): NodeVerdict {
  if (error.code !== 'rpc_refused') return { kind: 'unknown' };
  const { reason } = error;
  if (seenWords.test(reason)) return { kind: 'seen' };
  if (ourFault.test(reason)) return { kind: 'unknown' };
  const rule = rules.find(({ pattern }) => pattern.test(reason));
  if (rule !== undefined) return { kind: 'refused', code: rule.code, why: rule.why };
  if (error.rpcCode !== undefined && rejectionCodes.has(error.rpcCode)) {
    return { kind: 'refused', code: 'refused-by-chain', why: `The chain refused the transaction: ${reason}` };
  }
  return { kind: 'unknown' };
}
