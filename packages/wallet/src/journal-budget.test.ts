import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from './journal.js';
import { openJournal } from './journal-sqlite.js';
import { day, hour, idOf, msat, pay, plan, sat, standing, start } from './testing/budget-plans.js';

let directory = '';
let path = '';
let journal: Journal;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-budget-'));
  path = join(directory, 'journal.db');
  journal = openJournal({ path });
});

afterEach(() => {
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a budget', () => {
  it('holds price and fee cap when a payment is planned, and what was paid when it is', () => {
    const id = idOf(journal.plan(plan([day(100n)]), start));
    expect(standing(journal, day(100n), start)).toEqual([0n, 12_000n, 88_000n]);
    journal.move(id, 'planned', 'paying', {}, start);
    expect(standing(journal, day(100n), start)).toEqual([0n, 12_000n, 88_000n]);
    journal.move(id, 'paying', 'paid', { payload: { a: 1 }, paid: sat(10n), fee: msat(7n) }, start);
    expect(standing(journal, day(100n), start)).toEqual([10_007n, 0n, 89_993n]);
    journal.move(id, 'paid', 'presented', {}, start);
    journal.move(id, 'presented', 'delivered', {}, start);
    expect(standing(journal, day(100n), start)).toEqual([10_007n, 0n, 89_993n]);
  });

  it('has room for its last satoshi and not for one thousandth more', () => {
    expect(journal.plan(plan([day(12n)]), start).ok).toBe(true);
    const other = plan([day(24n)], { maxFee: msat(2_001n) });
    const result = journal.plan(other, start);
    expect(result).toMatchObject({ ok: false, by: 'budget', over: { needed: 12_001n } });
    expect(journal.list()).toHaveLength(1);
    // Refused is not written: the same invoice can be paid when there is room.
    expect(journal.plan({ ...other, maxFee: sat(2n) }, start).ok).toBe(true);
  });

  it('counts what was really paid, more than the cap too', () => {
    pay(journal, [day(100n)], 50_000n, start);
    expect(standing(journal, day(100n), start)).toEqual([60_000n, 0n, 40_000n]);
  });

  it('gives back what certainly was not paid, at once where the method has the last word', () => {
    const id = idOf(journal.plan(plan([day(12n)]), start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'not-paid', { final: true }, start);
    expect(standing(journal, day(12n), start)).toEqual([0n, 0n, 12_000n]);
    expect(journal.plan(plan([day(12n)]), start).ok).toBe(true);
  });

  it('counts the fee of what was not paid for as long as the window reaches, and gives back the rest', () => {
    const lost = { detail: 'taken back', final: true, fee: msat(1_500n) };
    for (const from of ['paying', 'presented'] as const) {
      const id = idOf(journal.plan(plan([], { settlesOnPresentation: true }), start));
      journal.move(id, 'planned', 'paying', {}, start);
      if (from === 'presented') {
        journal.move(id, 'paying', 'paid', { payload: { a: 1 }, paid: sat(10n), fee: sat(2n) }, start);
        journal.move(id, 'paid', 'presented', {}, start);
      }
      const entry = journal.move(id, from, 'not-paid', lost, start + hour);
      expect(entry.fee).toEqual(msat(1_500n));
    }
    expect(standing(journal, day(12n), start + hour)).toEqual([3_000n, 0n, 9_000n]);
    expect(journal.plan(plan([day(12n)]), start + hour)).toMatchObject({ ok: false, by: 'budget' });
    expect(standing(journal, day(12n), start + 25 * hour - 1)[0]).toBe(3_000n);
    expect(standing(journal, day(12n), start + 25 * hour)[0]).toBe(0n);
  });

  it('gives back what a node was asked about from outside when its deadline has passed too', () => {
    const id = idOf(journal.plan(plan([day(12n)]), start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'not-paid', {}, start + 10_000);
    expect(standing(journal, day(12n), start + 89_999)[2]).toBe(0n);
    expect(journal.plan(plan([day(12n)]), start + 89_999).ok).toBe(false);
    expect(journal.plan(plan([day(12n)]), start + 90_001).ok).toBe(true);
  });

  it('counts a payment that a node denied and then admits', () => {
    const id = idOf(journal.plan(plan([day(50n)]), start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'not-paid', {}, start);
    journal.move(id, 'not-paid', 'paid', { payload: { a: 1 }, paid: sat(10n), fee: msat(0n) }, start + hour);
    expect(standing(journal, day(50n), start + 24 * hour + 1)).toEqual([10_000n, 0n, 40_000n]);
    expect(standing(journal, day(50n), start + 25 * hour)).toEqual([0n, 0n, 50_000n]);
  });

  it('holds an unknown payment for as long as it is unknown', () => {
    const id = idOf(journal.plan(plan([day(12n)]), start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'payment-unknown', {}, start);
    const later = start + 400 * 24 * hour;
    expect(journal.plan(plan([day(12n)]), later)).toMatchObject({
      by: 'budget',
      over: { standing: { reserved: 12_000n } },
    });
    // When it turns out to have been paid, it may have been paid just now.
    journal.move(id, 'payment-unknown', 'paid', { payload: { a: 1 }, paid: sat(10n), fee: msat(0n) }, later);
    expect(standing(journal, day(12n), later + 23 * hour)[0]).toBe(10_000n);
    expect(standing(journal, day(12n), later + 25 * hour)[0]).toBe(0n);
  });

  it('holds what was signed until it is carried out, and counts it from then', () => {
    const id = idOf(journal.plan(plan([day(50n)], { settlesOnPresentation: true }), start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'paid', { payload: { a: 1 }, paid: sat(10n), fee: sat(2n) }, start);
    expect(standing(journal, day(50n), start + 48 * hour)).toEqual([0n, 12_000n, 38_000n]);
    journal.settle(id, 'paid', { paid: sat(10n), fee: sat(1n) }, start + 48 * hour);
    expect(standing(journal, day(50n), start + 71 * hour)).toEqual([11_000n, 0n, 39_000n]);
    expect(standing(journal, day(50n), start + 73 * hour)).toEqual([0n, 0n, 50_000n]);
  });

  it('counts a fee in another currency in that one', () => {
    const id = idOf(journal.plan(plan([]), start));
    journal.move(id, 'planned', 'paying', {}, start);
    const fee = { amount: 5n, currency: '0xAB' };
    journal.move(id, 'paying', 'paid', { payload: { a: 1 }, paid: sat(10n), fee }, start);
    expect(standing(journal, day(50n), start)[0]).toBe(10_000n);
    expect(standing(journal, day(50n, { limit: { amount: 9n, currency: '0xab' } }), start)[0]).toBe(5n);
  });
});

describe('a window', () => {
  it('rolls: what was paid leaves it exactly when it is as old as the window', () => {
    pay(journal, [day(100n)], 0n, start);
    expect(standing(journal, day(100n), start + 24 * hour - 1)[0]).toBe(10_000n);
    expect(standing(journal, day(100n), start + 24 * hour)[0]).toBe(0n);
  });

  it('says when there is room again: when enough has left, not when all has', () => {
    pay(journal, [day(32n)], 0n, start);
    pay(journal, [day(32n)], 0n, start + hour);
    const refused = journal.plan(plan([day(31n)]), start + 2 * hour);
    expect(refused).toMatchObject({ over: { roomMs: start + 24 * hour } });
    // Time alone does not help where the payment is larger than the budget.
    expect(journal.plan(plan([day(11n)]), start)).not.toHaveProperty('over.roomMs');
  });

  it('is not emptied by a clock that is put back', () => {
    pay(journal, [day(20n)], 0n, start);
    for (const back of [1, hour, 30 * hour, 9_000 * hour]) {
      expect(journal.plan(plan([day(20n)]), start - back).ok, `${back} ms back`).toBe(false);
    }
  });

  it('is not emptied by a clock that is put back and then right again', () => {
    pay(journal, [day(20n)], 0n, start);
    // An hour ago by a wrong clock: it is counted as of now.
    pay(journal, [day(100n)], 0n, start - 30 * hour);
    expect(standing(journal, day(100n), start + 23 * hour)[0]).toBe(20_000n);
  });

  it('counts hours and days side by side', () => {
    const budgets = [day(100n), { ...day(12n), rule: 'limits.hour', windowMs: hour }];
    pay(journal, budgets, 0n, start);
    expect(journal.plan(plan(budgets), start + 1)).toMatchObject({
      over: { standing: { budget: { rule: 'limits.hour' } } },
    });
    expect(journal.plan(plan(budgets), start + hour).ok).toBe(true);
  });
});

describe('a narrower budget', () => {
  it('counts one host only, whatever its port', () => {
    const api = day(20n, { host: 'api.example.com' });
    pay(journal, [api], 0n, start, { url: 'https://api.example.com:8443/other' });
    expect(standing(journal, api, start)[0]).toBe(10_000n);
    expect(standing(journal, { ...api, host: 'www.example.com' }, start)[0]).toBe(0n);
    expect(journal.plan(plan([api]), start).ok).toBe(false);
    expect(journal.plan(plan([{ ...api, host: 'www.example.com' }]), start).ok).toBe(true);
  });

  it('takes a host with a final dot for the same', () => {
    const api = day(20n, { host: 'api.example.com' });
    pay(journal, [api], 0n, start, { url: 'https://api.example.com./x' });
    expect(standing(journal, api, start)[0]).toBe(10_000n);
  });

  it('counts one method only', () => {
    pay(journal, [], 0n, start);
    expect(standing(journal, day(20n, { method: 'lightning' }), start)[0]).toBe(10_000n);
    expect(standing(journal, day(20n, { method: 'tempo' }), start)[0]).toBe(0n);
  });

  it('counts sat and msat as one currency', () => {
    pay(journal, [], 0n, start, { price: msat(10_000n) });
    expect(standing(journal, { ...day(0n), limit: msat(20_000n) }, start)[0]).toBe(10_000n);
  });
});

describe('several processes', () => {
  it('do not share one room: the second connection finds what the first has taken', () => {
    const other = openJournal({ path });
    expect(journal.plan(plan([day(20n)]), start).ok).toBe(true);
    expect(other.plan(plan([day(20n)]), start)).toMatchObject({ ok: false, by: 'budget' });
    other.close();
  });

  it('are not held up by the plan of one that has died before it asked anybody', () => {
    const id = idOf(journal.plan(plan([day(20n)]), start));
    expect(journal.plan(plan([day(20n)]), start).ok).toBe(false);
    const db = new Database(path);
    // Process ids end far below this on every system.
    db.exec(`UPDATE payment SET owner = replace(owner, '/${process.pid}', '/2147483646')`);
    expect(journal.plan(plan([day(20n)]), start).ok).toBe(true);
    // Once `paying` is written, only the node knows.
    db.exec(`UPDATE payment SET state = 'paying' WHERE id = '${id}'`);
    db.close();
    expect(standing(journal, day(100n), start)[1]).toBe(24_000n);
  });
});

describe('planning again', () => {
  it('counts the budgets once more, and its own former plan not', () => {
    const first = plan([day(12n)]);
    const id = idOf(journal.plan(first, start));
    journal.move(id, 'planned', 'paying', {}, start);
    journal.move(id, 'paying', 'not-paid', {}, start);
    expect(journal.replan(id, first, start).ok).toBe(true);
    journal.move(id, 'planned', 'not-paid', {}, start);
    expect(journal.plan(plan([day(12n)]), start).ok).toBe(true);
    expect(journal.replan(id, first, start)).toMatchObject({ ok: false, by: 'budget' });
    expect(journal.find(id)?.state).toBe('not-paid');
  });
});
