import type { PaymentState } from '@farebox/lightning';
import { ByteReader } from '../chain/encoding.js';

/** A payment this node has sent: everything but "absent". */
export type SentPayment = Exclude<PaymentState, { status: 'absent' }>;

/** Payments kept. Beyond it the oldest finished one goes. */
export const paymentsKeptMax = 10_000;

const IN_FLIGHT = 0;
const SUCCEEDED = 1;
const FAILED = 2;

/** What became of the payments of one node, oldest first, bounded, as a section of its snapshot. */
export class PaymentBook {
  readonly #payments = new Map<string, SentPayment>();
  readonly #keptMax: number;
  dirty = false;

  constructor(stored: Uint8Array, keptMax = paymentsKeptMax) {
    this.#keptMax = keptMax;
    const reader = new ByteReader(stored);
    while (reader.remaining > 0) {
      const hash = reader.bytes(32).toString('hex');
      this.#payments.set(hash, readPayment(reader));
    }
  }

  get(paymentHash: string): SentPayment | undefined {
    return this.#payments.get(paymentHash);
  }

  set(paymentHash: string, payment: SentPayment): void {
    this.#payments.set(paymentHash, payment);
    this.dirty = true;
    if (this.#payments.size > this.#keptMax) this.#dropOldest();
  }

  /** Only for a payment that LDK refused to send. */
  remove(paymentHash: string): void {
    this.#payments.delete(paymentHash);
    this.dirty = true;
  }

  inFlight(): string[] {
    return [...this.#payments].filter(([, p]) => p.status === 'in-flight').map(([hash]) => hash);
  }

  /** The section for the snapshot. */
  write(): Buffer {
    const parts: Buffer[] = [];
    for (const [hash, payment] of this.#payments) parts.push(Buffer.from(hash, 'hex'), writePayment(payment));
    this.dirty = false;
    return Buffer.concat(parts);
  }

  #dropOldest(): void {
    for (const [hash, { status }] of this.#payments) {
      if (status === 'in-flight') continue;
      this.#payments.delete(hash);
      return;
    }
  }
}

function writePayment(payment: SentPayment): Buffer {
  if (payment.status === 'in-flight') return Buffer.from([IN_FLIGHT]);
  if (payment.status === 'failed') {
    const reason = Buffer.from(payment.reason).subarray(0, 255);
    return Buffer.concat([Buffer.from([FAILED, reason.length]), reason]);
  }
  const data = Buffer.alloc(41);
  data[0] = SUCCEEDED;
  data.write(payment.preimage, 1, 'hex');
  data.writeBigUInt64LE(payment.feeMsat, 33);
  return data;
}

function readPayment(reader: ByteReader): SentPayment {
  const kind = reader.u8();
  if (kind === IN_FLIGHT) return { status: 'in-flight' };
  if (kind === FAILED) return { status: 'failed', reason: reader.bytes(reader.u8()).toString() };
  if (kind !== SUCCEEDED) throw new RangeError('A payment of the snapshot has no known status.');
  const preimage = reader.bytes(32).toString('hex');
  return { status: 'succeeded', preimage, feeMsat: reader.u64() };
}
