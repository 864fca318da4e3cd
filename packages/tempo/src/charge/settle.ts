import { checkSnapshotChain, readSnapshot, type Snapshot } from '../accounts/snapshot.js';
import type { TempoChain } from '../chain/chain.js';
import type { Address, Hex } from '../chain/hex.js';
import type { TempoReceipt } from '../chain/receipt.js';
import { TempoRpcError } from '../chain/rpc.js';
import type { Signer } from '../transaction/signature.js';
import { type NodeVerdict, readVerdict } from './node-verdict.js';
import { lookPatiently, type SettlePatience } from './patience.js';
import type { TempoRefusalCode } from './refusal.js';

/**
 * How far the chain's clock must be past a transaction's last moment before it counts as never mined, seconds. A node
 * behind a balancer may tell the time of one machine and the receipts of another.
 */
export const pastValidityS = 5;

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
  /** What it pays, base units. */
  readonly pays: { readonly token: Address; readonly amount: bigint };
  /** Whether it registers the key that it is signed with. */
  readonly registersKey: boolean;
  /** Who has signed it; undefined when nobody did. Asked for only where something is wrong. */
  findSigner(): Promise<Signer | undefined>;
}

/** What became of a transaction. */
export type SettleOutcome =
  | { readonly kind: 'mined'; readonly receipt: TempoReceipt }
  /** It was not mined, and as things are it will not be. */
  | { readonly kind: 'refused'; readonly code: TempoRefusalCode; readonly why: string }
  /** It may have been mined, or may still be. */
  | {
      readonly kind: 'unknown';
      readonly error: Error;
      /** What the node said when it was broadcast just now, whatever was heard afterwards. */
      readonly said?: NodeVerdict['kind'] | undefined;
    };

type Refused = Extract<SettleOutcome, { readonly kind: 'refused' }>;

function refused(code: TempoRefusalCode, why: string): Refused {
  return { kind: 'refused', code, why };
}

const expired = refused(
  'expired-signature',
  'The signed transaction was not mined while it was valid, and never will be; nothing was paid. Sign again',
);
const tooLate = refused(
  'not-mined',
  'No block has the transaction, and the challenge is over. It has no validBefore and so may still be valid: use up its nonce before paying again',
);
const nonceUsed = refused(
  'nonce-used',
  "Another transaction has used the signed transaction's nonce; sign again",
);
const unsigned = refused('signature-invalid', 'The transaction is not signed by anybody; sign again');
const unregistered = refused(
  'key-not-registered',
  'The access key that signed is not registered for the paying account, and the transaction came too late to be sent; sign again',
);
const penniless = refused(
  'insufficient-funds',
  'The paying account holds too little for the price, and the transaction came too late to be sent; sign again',
);

const notMined = new TempoRpcError('rpc_timeout', 'No block has the transaction yet');

/** The account has gone past it: this very transaction, if no block has it, never will be mined. */
function isNonceUsed(error: TempoRpcError): boolean {
  return error.code === 'rpc_refused' && /nonce .*too low/i.test(error.reason);
}

/**
 * Broadcasts a transaction, or only looks for it, and finds out what became of it: one call of the node in the normal
 * case. An error is never taken for a failure before the chain has been asked: the same transaction may have been
 * mined at an earlier presentation whose answer got lost, and then the node refuses to take it again.
 *
 * Otherwise two calls more, or two for each look. Many looks are for what was sent from here or is known to the node, and
 * before "sign again" is said of what another gateway may have sent; whoever presents something else gets one.
 */
export async function settleTransaction(
  chain: TempoChain,
  settling: Settling,
  patience: SettlePatience = {},
): Promise<SettleOutcome> {
  let error: TempoRpcError | undefined;
  if (settling.send) {
    try {
      return { kind: 'mined', receipt: await chain.broadcast(settling.signed) };
    } catch (thrown) {
      error = onlyRpcError(thrown);
    }
  }
  const signer = await settling.findSigner();
  if (signer === undefined) return unsigned;
  const verdict = error && readVerdict(error);
  const outcome = await lookUntilKnown(chain, lookingFor(settling, signer, error, verdict), patience);
  return outcome.kind === 'unknown' ? { ...outcome, said: verdict?.kind } : outcome;
}

/** What is looked for, how often, and what is said when it is not there. */
interface Looking {
  readonly settling: Settling;
  readonly signer: Signer;
  readonly absent: SettleOutcome;
  /** Nobody here has sent it. */
  readonly unsent: boolean;
}

function lookingFor(
  settling: Settling,
  signer: Signer,
  error: TempoRpcError | undefined,
  verdict: NodeVerdict | undefined,
): Looking {
  const { sentBefore } = settling;
  const unsent = !sentBefore && (verdict === undefined || verdict.kind === 'refused');
  const used = error !== undefined && isNonceUsed(error);
  let absent: SettleOutcome = { kind: 'unknown', error: error ?? notMined };
  if (verdict?.kind === 'refused' && !mayBeWaiting(settling, verdict.code)) absent = verdict;
  if (used) absent = nonceUsed;
  return { settling, signer, absent, unsent };
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

/** What the chain says now; an error also when the node is one of another chain, whose answers mean nothing. */
async function readMoment(
  chain: TempoChain,
  { settling, signer }: Looking,
): Promise<Snapshot | TempoRpcError> {
  const { chainId, pays, registersKey } = settling;
  const { account, key: keyAddress } = signer;
  try {
    const snapshot = await readSnapshot(chain, {
      balances: [{ token: pays.token, holder: account }],
      ...(keyAddress && !registersKey && { key: { account, keyAddress, tokens: [] } }),
    });
    checkSnapshotChain(snapshot, chainId);
    return snapshot;
  } catch (error) {
    return onlyRpcError(error);
  }
}

/** One look. The time first and the receipt after it: the other way round, it could be mined in between. */
async function lookOnce(
  chain: TempoChain,
  looking: Looking,
): Promise<{ readonly outcome: SettleOutcome; readonly answered: boolean }> {
  const moment = await readMoment(chain, looking);
  if (moment instanceof TempoRpcError)
    return { outcome: { kind: 'unknown', error: moment }, answered: false };
  const receipt = await chain.receipt(looking.settling.hash).catch(onlyRpcError);
  if (receipt instanceof TempoRpcError)
    return { outcome: { kind: 'unknown', error: receipt }, answered: true };
  const outcome: SettleOutcome =
    receipt === undefined ? judgeAbsence(looking, moment) : { kind: 'mined', receipt };
  return { outcome, answered: true };
}

function judgeAbsence({ settling, absent, unsent }: Looking, moment: Snapshot): SettleOutcome {
  const { validBefore, send, pays } = settling;
  if (validBefore !== undefined && moment.timeS >= validBefore + pastValidityS) return expired;
  if (absent.kind !== 'unknown') return absent;
  if (validBefore === undefined && !send) return tooLate;
  if (!unsent) return absent;
  if (moment.key?.status === 'missing') return unregistered;
  return (moment.balances[0] ?? 0n) < pays.amount ? penniless : absent;
}

async function lookUntilKnown(
  chain: TempoChain,
  looking: Looking,
  patience: SettlePatience,
): Promise<SettleOutcome> {
  let outcome = looking.absent;
  let looks = 0;
  await lookPatiently(async () => {
    const look = await lookOnce(chain, looking);
    ({ outcome } = look);
    looks += 1;
    if (mayBeItsOwnDoing(outcome)) return undefined;
    if (outcome === looking.absent) return looking.unsent ? outcome : undefined;
    // A node that does not even answer the first question is not pressed.
    return outcome.kind === 'unknown' && (look.answered || looks > 1) ? undefined : outcome;
  }, patience);
  return outcome;
}

/**
 * The nonce, or the money, may be used up by this very transaction, which another gateway has sent, while the node does not
 * have its receipt yet, nor the block that registers its key: looked for to the end before "sign again" is said.
 */
function mayBeItsOwnDoing(outcome: SettleOutcome): boolean {
  return outcome === nonceUsed || outcome === penniless || outcome === unregistered;
}
