import { ByteReader, compactSize, displayHash, hash256, wireHash } from './encoding.js';

/** What a transaction spends. */
export interface TransactionInput {
  /** Display form. Zeros in a coinbase. */
  readonly txid: string;
  readonly index: number;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  readonly witness: readonly Uint8Array[];
}

/** What a transaction creates. */
export interface TransactionOutput {
  readonly valueSat: bigint;
  readonly script: Uint8Array;
}

/** A Bitcoin transaction, decoded, with its bytes. */
export interface Transaction {
  readonly raw: Buffer;
  /** Display form: double SHA-256 without the witness, reversed. */
  readonly txid: string;
  /** As `txid`, over the bytes with the witness (BIP 141). */
  readonly wtxid: string;
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  /** BIP 141 weight units. */
  readonly weight: number;
}

/** The txid of nothing, spent by a coinbase. */
export const NULL_TXID = '00'.repeat(32);

/** Whether this is the transaction that pays the miner. */
export function isCoinbase(transaction: Transaction): boolean {
  return transaction.inputs.length === 1 && transaction.inputs[0]?.txid === NULL_TXID;
}

/** Names one output: `<txid>:<index>`. */
export function outpoint(txid: string, index: number): string {
  return `${txid}:${index}`;
}

interface Draft {
  version: number;
  lockTime: number;
  inputs: { txid: string; index: number; scriptSig: Uint8Array; sequence: number; witness: Uint8Array[] }[];
  outputs: TransactionOutput[];
}

/** The transaction's bytes without its witness: what the txid commits to. */
function withoutWitness(draft: Draft): Buffer {
  const parts: Uint8Array[] = [int32(draft.version), compactSize(draft.inputs.length)];
  for (const input of draft.inputs) {
    parts.push(wireHash(input.txid), uint32(input.index));
    parts.push(compactSize(input.scriptSig.length), input.scriptSig, uint32(input.sequence));
  }
  parts.push(compactSize(draft.outputs.length));
  for (const output of draft.outputs) {
    parts.push(uint64(output.valueSat), compactSize(output.script.length), output.script);
  }
  parts.push(uint32(draft.lockTime));
  return Buffer.concat(parts);
}

/** Reads one transaction where the reader stands. Throws a RangeError when it is cut short. */
export function readTransaction(reader: ByteReader): Transaction {
  const start = reader.offset;
  const draft: Draft = { version: reader.i32(), lockTime: 0, inputs: [], outputs: [] };
  const segwit = reader.peek(0) === 0 && reader.peek(1) === 1;
  if (segwit) reader.bytes(2);
  const inputCount = reader.compactSize();
  for (let i = 0; i < inputCount; i++) {
    const txid = displayHash(reader.bytes(32));
    const index = reader.u32();
    const scriptSig = reader.bytes(reader.compactSize());
    draft.inputs.push({ txid, index, scriptSig, sequence: reader.u32(), witness: [] });
  }
  const outputCount = reader.compactSize();
  for (let i = 0; i < outputCount; i++) {
    const valueSat = reader.u64();
    draft.outputs.push({ valueSat, script: reader.bytes(reader.compactSize()) });
  }
  if (segwit) {
    for (const input of draft.inputs) {
      const items = reader.compactSize();
      for (let i = 0; i < items; i++) input.witness.push(reader.bytes(reader.compactSize()));
    }
  }
  draft.lockTime = reader.u32();
  const raw = Buffer.from(reader.since(start));
  const base = segwit ? withoutWitness(draft) : raw;
  const txid = displayHash(hash256(base));
  const wtxid = segwit ? displayHash(hash256(raw)) : txid;
  return { ...draft, raw, txid, wtxid, weight: base.length * 3 + raw.length };
}

/** Decodes a whole transaction; trailing bytes are an error. */
export function parseTransaction(raw: Uint8Array): Transaction {
  const reader = new ByteReader(raw);
  const transaction = readTransaction(reader);
  if (reader.remaining !== 0) throw new RangeError('Bytes follow the transaction.');
  return transaction;
}

/** Little-endian, four bytes. */
export function uint32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return data;
}

/** Little-endian, four bytes, signed. */
export function int32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeInt32LE(value);
  return data;
}

/** Little-endian, eight bytes. */
export function uint64(value: bigint): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(value);
  return data;
}
