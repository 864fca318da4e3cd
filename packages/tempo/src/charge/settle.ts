import { setTimeout as delay } from 'node:timers/promises';
import type { TempoChain } from '../chain/chain.js';
import type { Hex } from '../chain/hex.js';
import type { TempoReceipt } from '../chain/receipt.js';
import { TempoRpcError } from '../chain/rpc.js';
import { readVerdict } from './node-verdict.js';
import type { TempoRefusalCode } from './refusal.js';

/** Between two looks at the chain while an outcome is not known, milliseconds. */
export const lookAgainMs = 250;
/** How often is looked before the answer is "not known yet". */
export const looksMax = 20;
/**
 * How far the chain's clock must be past a transaction's last moment before it counts as never mined, seconds. A node
 * behind a balancer may tell the time of one machine and the receipts of another.
 */
export const pastValidityS = 5;

/** How patient settling is. */
export interface SettlePatience {
  readonly lookAgainMs?: number;
  readonly looksMax?: number;
}

/** A transaction to be settled. */
export interface Settling {
  /** What is broadcast. */
  readonly signed: Hex;
  /** Its name on the chain. */
  readonly hash: Hex;
  /** Seconds since the epoch; after it the chain takes it no more. Undefined where it has no such end. */
  readonly validBefore?: number;
  /** False when it is too late to send it: then the chain is only asked. */
  readonly send: boolean;
  /** It was sent before, and what became of it is not known. */
  readonly sentBefore: boolean;
  /** The chain that it was signed for. */
  readonly chainId: number;
}

/** What became of a transaction. */
export type SettleOutcome =
  | { readonly kind: 'mined'; readonly receipt: TempoReceipt }
  /** It was not mined, and as things are it will not be. */
  | { readonly kind: 'refused'; readonly code: TempoRefusalCode; readonly why: string }
  /** It may have been mined, or may still be. */
  | { readonly kind: 'unknown'; readonly error: Error };

const expired: SettleOutcome = {
  kind: 'refused',
  code: 'expired-signature',
  why: 'The signed transaction was not mined while it was valid, and never will be; nothing was paid. Sign again',
};

const tooLate: SettleOutcome = {
  kind: 'refused',
  code: 'not-mined',
  why: 'No block has the transaction, and the challenge is over. It has no validBefore and so may still be valid: use up its nonce before paying again',
};

const nonceUsed: SettleOutcome = {
  kind: 'refused',
  code: 'nonce-used',
  why: "Another transaction has used the signed transaction's nonce; sign again",
};

/** The account has gone past it: this very transaction, if no block has it, never will be mined. */
function isNonceUsed(error: TempoRpcError): boolean {
  return error.code === 'rpc_refused' && /nonce .*too low/i.test(error.reason);
}

/**
 * Broadcasts a transaction, or only looks for it, and finds out what became of it: one call of the node in the normal
 * case. An error is never taken for a failure before the chain has been asked: the same transaction may have been
 * mined at an earlier presentation whose answer got lost, and then the node refuses to take it again.
 */
export async function settleTransaction(
  chain: TempoChain,
  settling: Settling,
  patience: SettlePatience = {},
): Promise<SettleOutcome> {
  const notSent = new TempoRpcError('rpc_timeout', 'No block has the transaction yet');
  if (!settling.send) return lookUntilKnown(chain, settling, notSent, patience);
  let error: TempoRpcError;
  try {
    return { kind: 'mined', receipt: await chain.broadcast(settling.signed) };
  } catch (thrown) {
    error = onlyRpcError(thrown);
  }
  const verdict = readVerdict(error);
  // A node of another chain refuses whatever it is given; its refusals say nothing.
  const elsewhere = await isElsewhere(chain, settling.chainId);
  if (elsewhere !== undefined) return { kind: 'unknown', error: elsewhere };
  if (verdict.kind === 'refused' && !mayBeWaiting(settling, verdict.code)) {
    const receipt = await look(chain, settling.hash);
    if (receipt instanceof TempoRpcError) return { kind: 'unknown', error: receipt };
    return receipt === undefined ? verdict : { kind: 'mined', receipt };
  }
  return lookUntilKnown(chain, settling, error, patience);
}

/**
 * Whether an earlier broadcast may have left it among the node's waiting transactions, so that it may be mined although
 * the node would not take it now: known of this process, and likely when it is the time that the node objects to.
 */
function mayBeWaiting(settling: Settling, code: TempoRefusalCode): boolean {
  return settling.sentBefore || (code === 'expired-signature' && settling.validBefore !== undefined);
}

function onlyRpcError(thrown: unknown): TempoRpcError {
  if (thrown instanceof TempoRpcError) return thrown;
  throw thrown;
}

async function look(chain: TempoChain, hash: Hex): Promise<TempoReceipt | TempoRpcError | undefined> {
  return chain.receipt(hash).catch(onlyRpcError);
}

/** An error when the node is one of another chain, or does not say. */
async function isElsewhere(chain: TempoChain, chainId: number): Promise<TempoRpcError | undefined> {
  const found = await chain.chainId().catch(onlyRpcError);
  if (found instanceof TempoRpcError) return found;
  if (found === chainId) return undefined;
  return new TempoRpcError(
    'rpc_malformed',
    `The Tempo node belongs to chain ${found}, not ${chainId}; connect another`,
  );
}

async function isPastValidity(chain: TempoChain, validBefore: number | undefined): Promise<boolean> {
  if (validBefore === undefined) return false;
  const head = await chain.head().catch(onlyRpcError);
  return !(head instanceof TempoRpcError) && head.timestamp >= validBefore + pastValidityS;
}

/** One look. The time first and the receipt after it: the other way round, it could be mined in between. */
async function lookOnce(chain: TempoChain, settling: Settling): Promise<SettleOutcome> {
  const elsewhere = await isElsewhere(chain, settling.chainId);
  if (elsewhere !== undefined) return { kind: 'unknown', error: elsewhere };
  const past = await isPastValidity(chain, settling.validBefore);
  const receipt = await look(chain, settling.hash);
  if (receipt instanceof TempoRpcError) return { kind: 'unknown', error: receipt };
  if (receipt !== undefined) return { kind: 'mined', receipt };
  if (past) return expired;
  if (settling.validBefore === undefined && !settling.send) return tooLate;
  return { kind: 'unknown', error: new TempoRpcError('rpc_timeout', 'No block has the transaction yet') };
}

async function lookUntilKnown(
  chain: TempoChain,
  settling: Settling,
  first: TempoRpcError,
  patience: SettlePatience,
): Promise<SettleOutcome> {
  let outcome: SettleOutcome = { kind: 'unknown', error: first };
  const looks = patience.looksMax ?? looksMax;
  for (let count = 0; count < looks; count++) {
    if (count > 0) await delay(patience.lookAgainMs ?? lookAgainMs);
    outcome = await lookOnce(chain, settling);
    if (outcome.kind !== 'unknown') return outcome;
  }
  return isNonceUsed(first) ? nonceUsed : outcome;
}
