import type { NodePeriod, SettledInvoice } from '@farebox/lightning';
import { ByteReader } from '../chain/encoding.js';

/**
 * `claiming`: the preimage is with LDK, the claim is not yet confirmed. Outside it reads as open or held; inside
 * it already refuses a second payment.
 */
export type InvoiceStatus = 'open' | 'held' | 'claiming' | 'settled' | 'cancelled';

/** What a node remembers of an invoice of its own. Preimages are not part of it: LDK derives them. */
export interface InvoiceRecord {
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Made for a hash of the caller's: a payment waits for the caller. */
  readonly hold: boolean;
  status: InvoiceStatus;
  receivedMsat: bigint;
  settledMs: number;
  /** Block height at which LDK gives a held payment back by itself. */
  deadlineHeight: number;
}

/** What may change of an invoice once it is made. */
export type InvoiceChange = Partial<
  Pick<InvoiceRecord, 'status' | 'receivedMsat' | 'settledMs' | 'deadlineHeight'>
>;

/** Asks for one page of the invoices that settled within a period. */
export interface SettledPageRequest extends NodePeriod {
  /** The last invoice of the page before. */
  readonly after?: SettledPlace;
}

/** Where an invoice stands in the order of settlement: by time, then by hash. */
export type SettledPlace = Pick<SettledInvoice, 'settledMs' | 'paymentHash'>;

/** One page of settled invoices, in the order of settlement. */
export interface SettledPage {
  readonly invoices: readonly SettledInvoice[];
  /** There are more: ask for what comes after the last one. */
  readonly more: boolean;
}

/** Most invoices of one page: some 160 kB on the wire. */
export const settledPageInvoicesMax = 1_000;

const STATUSES: readonly InvoiceStatus[] = ['open', 'held', 'claiming', 'settled', 'cancelled'];
const recordBytes = 32 + 1 + 1 + 8 + 8 + 8 + 8 + 4;

/** Invoices kept. Beyond it the oldest goes; a payment for it is failed back, so nobody loses money. */
export const invoicesKeptMax = 20_000;

/** The invoices of one node, oldest first, bounded, as fixed-size records of its snapshot. */
export class InvoiceBook {
  readonly #records = new Map<string, InvoiceRecord>();
  readonly #keptMax: number;
  dirty = false;

  constructor(stored: Uint8Array, keptMax = invoicesKeptMax) {
    this.#keptMax = keptMax;
    const reader = new ByteReader(stored);
    while (reader.remaining > 0) {
      const record = readRecord(reader);
      this.#records.set(record.paymentHash, record);
    }
  }

  get size(): number {
    return this.#records.size;
  }

  get(paymentHash: string): InvoiceRecord | undefined {
    return this.#records.get(paymentHash);
  }

  add(record: InvoiceRecord): void {
    this.#records.set(record.paymentHash, record);
    this.dirty = true;
    if (this.#records.size > this.#keptMax) this.#dropOldest();
  }

  update(record: InvoiceRecord, change: InvoiceChange): void {
    Object.assign(record, change);
    this.dirty = true;
  }

  /**
   * The invoices that settled within a period, a page at a time. A page begins after a place in the order of settlement,
   * so one that settles between two pages moves nothing that was given already. Descriptions are not kept.
   */
  settled(request: SettledPageRequest, pageMax = settledPageInvoicesMax): SettledPage {
    const { fromMs, untilMs, after } = request;
    const found: SettledInvoice[] = [];
    for (const { status, paymentHash, receivedMsat, settledMs } of this.#records.values()) {
      if (status !== 'settled' || settledMs < fromMs || settledMs >= untilMs) continue;
      const invoice = { paymentHash, receivedMsat, settledMs };
      if (after === undefined || compareSettled(invoice, after) > 0) found.push(invoice);
    }
    found.sort(compareSettled);
    return { invoices: found.slice(0, pageMax), more: found.length > pageMax };
  }

  /** The section for the snapshot. */
  write(): Buffer {
    const data = Buffer.alloc(this.#records.size * recordBytes);
    let at = 0;
    for (const record of this.#records.values()) at = writeRecord(data, at, record);
    this.dirty = false;
    return data;
  }

  /** Money that has arrived, but not yet been decided about, is never forgotten. */
  #dropOldest(): void {
    for (const [hash, { status }] of this.#records) {
      if (status === 'held' || status === 'claiming') continue;
      this.#records.delete(hash);
      return;
    }
  }
}

/** The order of settlement: by time, then by hash. */
export function compareSettled(a: SettledPlace, b: SettledPlace): number {
  if (a.settledMs !== b.settledMs) return a.settledMs - b.settledMs;
  return a.paymentHash < b.paymentHash ? -1 : a.paymentHash > b.paymentHash ? 1 : 0;
}

function writeRecord(data: Buffer, start: number, record: InvoiceRecord): number {
  let at = start;
  at += data.write(record.paymentHash, at, 'hex');
  at = data.writeUInt8(STATUSES.indexOf(record.status), at);
  at = data.writeUInt8(record.hold ? 1 : 0, at);
  at = data.writeBigUInt64LE(record.amountMsat, at);
  at = data.writeBigUInt64LE(BigInt(record.expiresAt), at);
  at = data.writeBigUInt64LE(record.receivedMsat, at);
  at = data.writeBigUInt64LE(BigInt(record.settledMs), at);
  return data.writeUInt32LE(record.deadlineHeight, at);
}

function readRecord(reader: ByteReader): InvoiceRecord {
  const paymentHash = reader.bytes(32).toString('hex');
  const status = STATUSES[reader.u8()];
  if (status === undefined) throw new RangeError('An invoice of the snapshot has no known status.');
  return {
    paymentHash,
    status,
    hold: reader.u8() === 1,
    amountMsat: reader.u64(),
    expiresAt: Number(reader.u64()),
    receivedMsat: reader.u64(),
    settledMs: Number(reader.u64()),
    deadlineHeight: reader.u32(),
  };
}

/** Every settled invoice of a period, from pages that are asked for one after the other. */
export async function* settledInvoices(
  period: NodePeriod,
  ask: (request: SettledPageRequest) => Promise<SettledPage>,
): AsyncGenerator<SettledInvoice, void, undefined> {
  let request: SettledPageRequest = { fromMs: period.fromMs, untilMs: period.untilMs };
  for (;;) {
    const { invoices, more } = await ask(request);
    yield* invoices;
    const after = invoices.at(-1);
    if (!more || after === undefined) return;
    request = { ...request, after };
  }
}
