import type { JsonObject, JsonValue } from '@farebox/protocol';
import { type Block, REGTEST_BITS } from './block.js';
import type { Chain } from './chain.js';
import { compactSize } from './encoding.js';
import { describeScript, scriptAsm } from './script.js';
import { isCoinbase, type Transaction, type TransactionOutput } from './transaction.js';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

/** Satoshis as Bitcoin Core prints them: a decimal number of bitcoin. Exact below 2^53 satoshis. */
export function coins(sat: bigint): number {
  return Number(sat) / 1e8;
}

/** Regtest's difficulty, against the easiest target of the main network. */
export const REGTEST_DIFFICULTY = 4.656542373906925e-10;

/** Work up to a height: every block of regtest counts two. */
export function chainWork(height: number): string {
  return ((height + 1) * 2).toString(16).padStart(64, '0');
}

/** The header's members, shared by `getblockheader` and `getblock`. */
export function headerView(chain: Chain, block: Block): JsonObject {
  const next = chain.blockAt(block.height + 1);
  return {
    hash: block.hash,
    confirmations: chain.height - block.height + 1,
    height: block.height,
    version: block.version,
    versionHex: (block.version >>> 0).toString(16).padStart(8, '0'),
    merkleroot: block.merkleRoot,
    time: block.time,
    mediantime: chain.medianTime(block.height),
    nonce: block.nonce,
    bits: REGTEST_BITS.toString(16),
    difficulty: REGTEST_DIFFICULTY,
    chainwork: chainWork(block.height),
    nTx: block.transactions.length,
    ...(block.height === 0 ? {} : { previousblockhash: block.previousHash }),
    ...(next === undefined ? {} : { nextblockhash: next.hash }),
  };
}

/** `getblock` with verbosity 1 (transaction ids) or 2 (transactions). */
export function blockView(chain: Chain, block: Block, withTransactions: boolean): JsonObject {
  const frame = 80 + compactSize(block.transactions.length).length;
  const stripped = block.transactions.reduce((sum, t) => sum + strippedSize(t), frame);
  return {
    ...headerView(chain, block),
    strippedsize: stripped,
    size: block.raw.length,
    weight: stripped * 3 + block.raw.length,
    tx: block.transactions.map((t) => (withTransactions ? transactionView(chain, t) : t.txid)),
  };
}

function strippedSize(transaction: Transaction): number {
  return (transaction.weight - transaction.raw.length) / 3;
}

/** A transaction as `decoderawtransaction` and `getblock` show it; with `fee` where its inputs are known. */
export function transactionView(chain: Chain, transaction: Transaction): JsonObject {
  return {
    txid: transaction.txid,
    hash: transaction.wtxid,
    version: transaction.version,
    size: transaction.raw.length,
    vsize: Math.ceil(transaction.weight / 4),
    weight: transaction.weight,
    locktime: transaction.lockTime,
    vin: inputViews(transaction),
    vout: transaction.outputs.map((output, n) => ({
      value: coins(output.valueSat),
      n,
      ...scriptMember(output),
    })),
    ...feeMember(chain, transaction),
    hex: hex(transaction.raw),
  };
}

function inputViews(transaction: Transaction): JsonValue[] {
  const coinbase = isCoinbase(transaction);
  return transaction.inputs.map((input) => ({
    ...(coinbase
      ? { coinbase: hex(input.scriptSig) }
      : {
          txid: input.txid,
          vout: input.index,
          scriptSig: { asm: scriptAsm(input.scriptSig), hex: hex(input.scriptSig) },
        }),
    ...(input.witness.length === 0 ? {} : { txinwitness: input.witness.map(hex) }),
    sequence: input.sequence,
  }));
}

function feeMember(chain: Chain, transaction: Transaction): JsonObject {
  if (isCoinbase(transaction)) return {};
  const feeSat = chain.feeSat(transaction);
  return feeSat === undefined ? {} : { fee: coins(feeSat) };
}

/** `{ scriptPubKey: … }` of an output. */
export function scriptMember(output: Pick<TransactionOutput, 'script'>): JsonObject {
  const { kind, address } = describeScript(output.script);
  return {
    scriptPubKey: {
      asm: scriptAsm(output.script),
      hex: hex(output.script),
      ...(address === undefined ? {} : { address }),
      type: kind,
    },
  };
}
