import { describe, expect, it } from 'vitest';
import { InvoiceBook, type InvoiceRecord, type InvoiceStatus, settledInvoices } from './invoice-book.js';
import { PaymentBook, type SentPayment } from './payment-book.js';

const nothing = new Uint8Array();
const hash = (n: number) => n.toString(16).padStart(64, '0');
const record = (n: number, status: InvoiceStatus = 'open'): InvoiceRecord => ({
  paymentHash: hash(n),
  amountMsat: 1_000n + BigInt(n),
  expiresAt: 1_700_000_000 + n,
  hold: n % 2 === 0,
  status,
  receivedMsat: 7n,
  settledMs: 1_700_000_000_123,
  deadlineHeight: 4_000_000_000,
});

describe('the invoice book', () => {
  it('gives back from a snapshot what was put in', () => {
    const book = new InvoiceBook(nothing);
    const statuses: InvoiceStatus[] = ['open', 'held', 'claiming', 'settled', 'cancelled'];
    for (const [n, status] of statuses.entries()) book.add(record(n, status));
    expect(book.dirty).toBe(true);
    const restored = new InvoiceBook(book.write());
    expect(book.dirty).toBe(false);
    for (const [n, status] of statuses.entries()) expect(restored.get(hash(n))).toEqual(record(n, status));
    expect(restored.dirty).toBe(false);
  });

  it('forgets the oldest beyond its bound, but never money that has arrived', () => {
    const book = new InvoiceBook(nothing, 3);
    book.add(record(0, 'held'));
    for (let n = 1; n <= 10; n++) book.add(record(n));
    expect(book.size).toBe(3);
    expect([0, 8, 9, 10].map((n) => book.get(hash(n)) !== undefined)).toEqual([true, false, true, true]);
  });

  it('refuses a damaged section', () => {
    const book = new InvoiceBook(nothing);
    book.add(record(1));
    const data = book.write();
    expect(() => new InvoiceBook(data.subarray(0, -1))).toThrow(RangeError);
    data[32] = 9;
    expect(() => new InvoiceBook(data)).toThrow(RangeError);
  });
});

describe('the settled invoices of the book', () => {
  const at = (n: number, settledMs: number, status: InvoiceStatus = 'settled'): InvoiceRecord => ({
    ...record(n, status),
    settledMs,
  });
  const always = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
  const listed = async (book: InvoiceBook, period = always, pageMax = 2, between = () => {}) => {
    const found: string[] = [];
    for await (const { paymentHash } of settledInvoices(period, async (request) => {
      between();
      return book.settled(request, pageMax);
    }))
      found.push(paymentHash);
    return found;
  };

  it('come in the order of settlement, page by page, and only those', async () => {
    const book = new InvoiceBook(nothing);
    const times = [50, 10, 30, 30, 20, 30, 40];
    for (const [n, ms] of times.entries()) book.add(at(n, ms));
    for (const status of ['open', 'held', 'claiming', 'cancelled'] as const) book.add(at(90, 25, status));
    for (const pageMax of [1, 2, 3, 7, 8]) {
      expect(await listed(book, always, pageMax)).toEqual([1, 4, 2, 3, 5, 6, 0].map(hash));
    }
    const { invoices, more } = book.settled(always, 1);
    expect(invoices).toEqual([{ paymentHash: hash(1), receivedMsat: 7n, settledMs: 10 }]);
    expect(more).toBe(true);
  });

  it('of a period include its beginning and not its end', async () => {
    const book = new InvoiceBook(nothing);
    for (const n of [1, 2, 3, 4]) book.add(at(n, n * 10));
    expect(await listed(book, { fromMs: 20, untilMs: 40 })).toEqual([hash(2), hash(3)]);
    expect(await listed(book, { fromMs: 41, untilMs: 41 })).toEqual([]);
    expect(await listed(book, { fromMs: 40, untilMs: 10 })).toEqual([]);
  });

  it('are each given once while others settle and old ones are forgotten', async () => {
    const book = new InvoiceBook(nothing, 6);
    for (const n of [1, 2, 3, 4, 5, 6]) book.add(at(n, n * 10));
    let next = 7;
    const found = await listed(book, always, 2, () => {
      if (next < 10) book.add(at(next, next++ * 10));
    });
    // The first page was asked for after one more had settled and the oldest had been forgotten.
    expect(found).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map(hash));
  });
});

describe('the payment book', () => {
  const success: SentPayment = { status: 'succeeded', preimage: 'ab'.repeat(32), feeMsat: 1n << 60n };

  it('gives back from a snapshot what was put in', () => {
    const book = new PaymentBook(nothing);
    book.set(hash(1), success);
    book.set(hash(2), { status: 'in-flight' });
    book.set(hash(3), { status: 'failed', reason: 'rejected by the recipient' });
    const restored = new PaymentBook(book.write());
    for (const n of [1, 2, 3]) expect(restored.get(hash(n))).toEqual(book.get(hash(n)));
    expect(restored.inFlight()).toEqual([hash(2)]);
    expect(restored.get(hash(4))).toBeUndefined();
  });

  it('forgets the oldest finished payment beyond its bound, but never one in flight', () => {
    const book = new PaymentBook(nothing, 3);
    book.set(hash(0), { status: 'in-flight' });
    for (let n = 1; n <= 10; n++) book.set(hash(n), success);
    expect([0, 8, 9, 10].map((n) => book.get(hash(n)) !== undefined)).toEqual([true, false, true, true]);
  });

  it('refuses a damaged section', () => {
    const book = new PaymentBook(nothing);
    book.set(hash(1), success);
    expect(() => new PaymentBook(book.write().subarray(0, -1))).toThrow(RangeError);
  });
});
