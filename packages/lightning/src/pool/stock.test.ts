import { describe, expect, it } from 'vitest';
import type { InvoiceRequest } from '../node.js';
import { pooledInvoicesMax, shelvesMax } from './limits.js';
import type { CheckedInvoice } from './shelf.js';
import { Stock } from './stock.js';

const t0 = 1_790_000_000_000;
const request: InvoiceRequest = { amountMsat: 1_000n, description: '', expirySeconds: 300 };
let made = 0;

function invoice(expiresMs = t0 + 900_000): CheckedInvoice {
  return { invoice: 'lnbcrt…', paymentHash: String(++made).padStart(64, '0'), expiresMs };
}

/** Fills until nothing is missing any more. */
function fill(stock: Stock, nowMs = t0): number {
  let filled = 0;
  for (let shelf = stock.toFill(); shelf !== undefined; shelf = stock.toFill()) {
    stock.put(shelf, invoice(nowMs + 900_000), nowMs);
    filled++;
  }
  return filled;
}

function takeFrom(stock: Stock, count: number, asked = request, nowMs = t0): (CheckedInvoice | undefined)[] {
  return Array.from({ length: count }, () => stock.take(stock.shelfFor(asked), nowMs));
}

describe('a stock of invoices', () => {
  it('holds no more than its bound, whatever is asked for', () => {
    const discarded: string[] = [];
    const stock = new Stock(1_000, 600_000, (hash) => discarded.push(hash));
    for (let i = 0; i < 10; i++) takeFrom(stock, 1_000, { ...request, description: String(i) });
    expect(fill(stock)).toBe(pooledInvoicesMax);
    expect(stock.ready).toBe(pooledInvoicesMax);
    for (let i = 0; i < shelvesMax; i++) takeFrom(stock, 1, { ...request, description: `new ${i}` });
    expect(stock.ready).toBe(0);
    expect(new Set(discarded).size).toBe(pooledInvoicesMax);
  });

  it('counts what is being made, so that it is not made twice', () => {
    const stock = new Stock(32, 600_000, () => {});
    takeFrom(stock, 33);
    let filling = 0;
    for (let shelf = stock.toFill(); shelf !== undefined; shelf = stock.toFill()) {
      stock.filling(shelf, 1);
      filling++;
    }
    expect(filling).toBe(32);
  });

  it('fills up when half is gone, and not for every one that is taken', () => {
    const stock = new Stock(32, 600_000, () => {});
    takeFrom(stock, 33);
    expect(fill(stock)).toBe(32);
    takeFrom(stock, 15);
    expect(fill(stock)).toBe(0);
    takeFrom(stock, 1);
    expect(fill(stock)).toBe(16);
  });

  it('wants as many as were taken lately', () => {
    const stock = new Stock(32, 600_000, () => {});
    takeFrom(stock, 5);
    expect(fill(stock)).toBe(4);
    // Two windows later only those of that time count.
    takeFrom(stock, 4, request, t0 + 1_300_000);
    stock.sweep(t0 + 1_300_000);
    expect(stock.ready).toBe(0);
    expect(fill(stock, t0 + 1_300_000)).toBe(3);
  });

  it('gives the oldest first, and none whose rest is shorter than what was asked for', () => {
    const discarded: string[] = [];
    const stock = new Stock(32, 600_000, (hash) => discarded.push(hash));
    const shelf = stock.shelfFor(request);
    takeFrom(stock, 10);
    const [a, b, c] = [invoice(t0 + 310_000), invoice(t0 + 320_000), invoice(t0 + 330_000)];
    for (const one of [a, b, c]) stock.put(shelf, one, t0);
    expect(stock.take(shelf, t0 + 10_000)).toBe(a);
    expect(stock.take(shelf, t0 + 20_001)).toBe(c);
    expect(discarded).toEqual([b.paymentHash]);
    expect(stock.ready).toBe(0);
  });

  it('gives none twice', () => {
    const stock = new Stock(32, 600_000, () => {});
    const given = new Set<string>();
    let count = 0;
    for (let round = 0; round < 50; round++) {
      for (const taken of takeFrom(stock, 1 + (round % 40))) {
        if (taken === undefined) continue;
        count++;
        given.add(taken.paymentHash);
      }
      fill(stock);
    }
    expect(count).toBeGreaterThan(500);
    expect(given.size).toBe(count);
  });
});
