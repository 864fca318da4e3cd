import { ByteReader, compactSize, displayHash, hash256, wireHash } from './encoding.js';
import { int32, readTransaction, type Transaction, uint32, uint64 } from './transaction.js';

/** A block of the chain, decoded, with its bytes. */
export interface Block {
  readonly raw: Buffer;
  /** The first 80 bytes. */
  readonly header: Buffer;
  /** Display form. */
  readonly hash: string;
  readonly height: number;
  readonly version: number;
  readonly previousHash: string;
  readonly merkleRoot: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly nonce: number;
  readonly transactions: readonly Transaction[];
}

/** Regtest's difficulty: the easiest there is (`nBits` of Bitcoin Core's regtest parameters). */
export const REGTEST_BITS = 0x207fffff;

/** Blocks between two halvings on regtest. */
export const HALVING_BLOCKS = 150;

/** Block 0 of every regtest chain, from Bitcoin Core's chain parameters. */
export const GENESIS_RAW = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e' +
    '67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000' +
    '0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d' +
    '0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f6620' +
    '7365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe554827' +
    '1967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d57' +
    '8a4c702b6bf11d5fac00000000',
  'hex',
);

/** Merkle root over hashes in wire form; an odd level repeats its last hash. */
export function merkleRoot(hashes: readonly Uint8Array[]): Buffer {
  let level: readonly Uint8Array[] = hashes;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] ?? Buffer.alloc(32);
      next.push(hash256(Buffer.concat([left, level[i + 1] ?? left])));
    }
    level = next;
  }
  return Buffer.from(level[0] ?? Buffer.alloc(32));
}

/** Whether a header's hash (wire form) is at or below regtest's target, 0x7fffff followed by 29 zero bytes. */
export function meetsTarget(hash: Uint8Array): boolean {
  const top = ((hash[31] ?? 255) << 16) | ((hash[30] ?? 255) << 8) | (hash[29] ?? 255);
  if (top !== 0x7fffff) return top < 0x7fffff;
  return hash.subarray(0, 29).every((byte) => byte === 0);
}

/** What a miner earns at this height, without fees, in satoshis. */
export function subsidySat(height: number): bigint {
  return 5_000_000_000n >> BigInt(Math.floor(height / HALVING_BLOCKS));
}

/** BIP 34: the height as a minimal script push. */
export function heightPush(height: number): Buffer {
  if (height === 0) return Buffer.from([0x00]);
  if (height <= 16) return Buffer.from([0x50 + height]);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) bytes.push(0);
  return Buffer.from([bytes.length, ...bytes]);
}

const MINER_TAG = Buffer.from('Farebox regtest', 'ascii');

/** Coinbase with the height (BIP 34) and the witness commitment (BIP 141). */
function coinbase(height: number, valueSat: bigint, script: Uint8Array, witnessRoot: Uint8Array): Buffer {
  const scriptSig = Buffer.concat([heightPush(height), Buffer.from([MINER_TAG.length]), MINER_TAG]);
  const commitment = hash256(Buffer.concat([witnessRoot, Buffer.alloc(32)]));
  const commitmentScript = Buffer.concat([Buffer.from('6a24aa21a9ed', 'hex'), commitment]);
  return Buffer.concat([
    int32(2),
    Buffer.from([0x00, 0x01, 0x01]),
    Buffer.alloc(32),
    Buffer.from('ffffffff', 'hex'),
    compactSize(scriptSig.length),
    scriptSig,
    Buffer.from('ffffffff', 'hex'),
    Buffer.from([2]),
    uint64(valueSat),
    compactSize(script.length),
    script,
    uint64(0n),
    compactSize(commitmentScript.length),
    commitmentScript,
    Buffer.from([1, 32]),
    Buffer.alloc(32),
    uint32(0),
  ]);
}

/** What a new block is made of. */
export interface BlockTemplate {
  readonly height: number;
  /** Display form. */
  readonly previousHash: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Where subsidy and fees go. */
  readonly rewardScript: Uint8Array;
  readonly feesSat: bigint;
  readonly transactions: readonly Transaction[];
}

/** Mines a block: builds it and searches the nonce (two tries on average). */
export function mineBlock(template: BlockTemplate): Block {
  const wtxids = [Buffer.alloc(32), ...template.transactions.map((t) => wireHash(t.wtxid))];
  const rewardSat = subsidySat(template.height) + template.feesSat;
  const first = coinbase(template.height, rewardSat, template.rewardScript, merkleRoot(wtxids));
  const firstTxid = wireHash(readTransaction(new ByteReader(first)).txid);
  const header = Buffer.alloc(80);
  header.writeInt32LE(0x20000000, 0);
  wireHash(template.previousHash).copy(header, 4);
  merkleRoot([firstTxid, ...template.transactions.map((t) => wireHash(t.txid))]).copy(header, 36);
  header.writeUInt32LE(template.time, 68);
  header.writeUInt32LE(REGTEST_BITS, 72);
  for (let nonce = 0; !meetsTarget(hash256(header)); nonce++) header.writeUInt32LE(nonce, 76);
  const count = compactSize(template.transactions.length + 1);
  const raw = Buffer.concat([header, count, first, ...template.transactions.map((t) => t.raw)]);
  return parseBlock(raw, template.height);
}

/** Decodes a block; throws a RangeError when it is cut short or bytes follow. */
export function parseBlock(raw: Buffer, height: number): Block {
  const reader = new ByteReader(raw);
  const header = reader.bytes(80);
  const transactions: Transaction[] = [];
  const count = reader.compactSize();
  for (let i = 0; i < count; i++) transactions.push(readTransaction(reader));
  if (reader.remaining !== 0) throw new RangeError('Bytes follow the block.');
  return {
    raw,
    header,
    hash: displayHash(hash256(header)),
    height,
    version: header.readInt32LE(0),
    previousHash: displayHash(header.subarray(4, 36)),
    merkleRoot: displayHash(header.subarray(36, 68)),
    time: header.readUInt32LE(68),
    nonce: header.readUInt32LE(76),
    transactions,
  };
}
