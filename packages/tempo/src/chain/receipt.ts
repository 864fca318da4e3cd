import { type Address, type Hex, readAddress, readHex, readWord } from './hex.js';

/** One event of a transaction. */
export interface TempoLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** What the chain says of a transaction that is in a block. */
export interface TempoReceipt {
  /** Lowercase. */
  readonly transactionHash: Hex;
  /** False: it was mined and reverted, and its fee was taken. */
  readonly succeeded: boolean;
  readonly logs: readonly TempoLog[];
  /** The block that has it. */
  readonly blockNumber: bigint;
  /** Who sent it: the account, not the key. */
  readonly from: Address;
  /** All that the transaction had, when it ran out. */
  readonly gasUsed: bigint;
  /** Gas used times its price, in attodollars (10⁻¹⁸ USD) as the chain counts fees. */
  readonly feeAttodollars: bigint;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A quantity of the JSON-RPC; undefined for anything else. */
export function readQuantity(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? BigInt(value) : undefined;
}

function readLog(value: unknown): TempoLog | undefined {
  if (!isRecord(value) || !Array.isArray(value.topics)) return undefined;
  const address = readAddress(value.address);
  const data = readHex(value.data);
  const topics = value.topics.map(readWord);
  if (address === undefined || data === undefined) return undefined;
  const known = topics.filter((topic) => topic !== undefined);
  return known.length === topics.length ? { address, data, topics: known } : undefined;
}

/** Reads a receipt of the JSON-RPC. Undefined when it is none: the caller must not take that for "not mined". */
export function readReceipt(value: unknown): TempoReceipt | undefined {
  if (!isRecord(value) || !Array.isArray(value.logs)) return undefined;
  const transactionHash = readWord(value.transactionHash);
  const from = readAddress(value.from);
  const blockNumber = readQuantity(value.blockNumber);
  const gasUsed = readQuantity(value.gasUsed);
  const gasPrice = readQuantity(value.effectiveGasPrice);
  if (transactionHash === undefined || blockNumber === undefined || from === undefined) return undefined;
  if (gasUsed === undefined || gasPrice === undefined) return undefined;
  if (value.status !== '0x0' && value.status !== '0x1') return undefined;
  const logs = value.logs.map(readLog);
  const known = logs.filter((log) => log !== undefined);
  if (known.length !== logs.length) return undefined;
  return {
    transactionHash,
    succeeded: value.status === '0x1',
    logs: known,
    blockNumber,
    from,
    gasUsed,
    feeAttodollars: gasUsed * gasPrice,
  };
}
