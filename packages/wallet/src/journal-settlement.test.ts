import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WalletError } from './errors.js';
import type { Journal, PaymentPlan } from './journal.js';
import { migrations } from './journal-schema.js';
import { openJournal } from './journal-sqlite.js';
import { type JournalState, journalStates } from './states.js';

// Rows of payments whose money moves on presentation.

let directory = '';
let path = '';
let journal: Journal;
let count = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-journal-'));
  path = join(directory, 'journal.db');
  journal = openJournal({ path });
});

afterEach(() => {
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

const cent = (amount: bigint) => ({ amount, currency: 'cent' });
const held = ['paid', 'presented', 'refused', 'failed', 'answer-unknown'] as const;
const signed = {
  payload: { signature: 'aa' },
  source: 'me',
  paid: cent(3n),
  fee: cent(9n),
  receiptReference: 'h',
};

function plan(): PaymentPlan {
  count += 1;
  return {
    challenge: { id: `c${count}`, realm: 'r', method: 'paper', intent: 'charge', request: 'e30' },
    price: cent(3n),
    maxFee: cent(9n),
    payee: 'p',
    network: 'paper',
    reference: `memo${count}`,
    expiresMs: 90_000,
    payDeadlineMs: 60_000,
    settlesOnPresentation: true,
  };
}

/** A signed payment in one of the states that hold what was signed. */
function bring(state: (typeof held)[number]): string {
  const result = journal.plan(plan(), 1_000);
  if (!result.ok) throw new Error('not planned');
  const { id } = result.entry;
  const way: JournalState[] = ['planned', 'paying', 'paid', 'presented', state];
  for (let at = 1; way[at - 1] !== state; at += 1) {
    const [from, to] = [way[at - 1], way[at]];
    if (from !== undefined && to !== undefined)
      journal.move(id, from, to, to === 'paid' ? signed : {}, 2_000);
  }
  return id;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof WalletError) return error.code;
    throw error;
  }
  return 'none';
}

describe('an open settlement', () => {
  it.each(held)('%s: may end unpaid, and then nothing of it is kept or counted', (state) => {
    const id = bring(state);
    expect(journal.find(id)).toMatchObject({ state, settlement: 'open', ...signed });
    const after = journal.move(id, state, 'not-paid', { detail: 'never', final: true }, 3_000);
    for (const member of ['payload', 'source', 'paid', 'fee', 'receiptReference', 'paidMs', 'payingMs']) {
      expect(after, member).not.toHaveProperty(member);
    }
    expect(journal.unfinished()).toEqual([]);
  });

  it.each(held)('%s: once it is made, nothing leads back', (state) => {
    const id = bring(state);
    const after = journal.settle(id, state, { paid: cent(3n), fee: cent(2n), receiptReference: 'k' }, 3_000);
    expect(after).toMatchObject({ state, settlement: 'made', fee: cent(2n), receiptReference: 'k' });
    expect(codeOf(() => journal.move(id, state, 'not-paid', {}, 4_000))).toBe('journal_corrupt');
    expect(codeOf(() => journal.settle(id, state, {}, 4_000))).toBe('journal_corrupt');
    expect(journal.find(id)).toEqual(after);
  });

  it('is settled only in the state in which it was asked about', () => {
    const id = bring('presented');
    expect(codeOf(() => journal.settle(id, 'paid', {}, 3_000))).toBe('state_changed');
    journal.move(id, 'presented', 'delivered', {}, 3_000);
    expect(codeOf(() => journal.settle(id, 'delivered', {}, 3_000))).toBe('journal_corrupt');
  });

  it('that ended unpaid at the price of a fee is not planned again: the row is the record of the fee', () => {
    const id = bring('refused');
    const entry = journal.move(id, 'refused', 'not-paid', { final: true, fee: cent(2n) }, 3_000);
    expect(codeOf(() => journal.replan(id, plan(), 4_000))).toBe('journal_corrupt');
    expect(journal.find(id)).toEqual(entry);
  });

  it('begins anew with a new plan: nobody has seen what will be signed then', () => {
    const id = bring('refused');
    journal.move(id, 'refused', 'not-paid', { final: true }, 3_000);
    const again = journal.replan(id, plan(), 4_000);
    expect(again).toMatchObject({
      ok: true,
      entry: { state: 'planned', settlement: 'open', presentations: 0 },
    });
  });
});

describe('a payment that moves its money by paying', () => {
  it('has no settlement to speak of', () => {
    const { settlesOnPresentation: _, ...lightning } = plan();
    const result = journal.plan(lightning, 1_000);
    if (!result.ok) throw new Error('not planned');
    const { id } = result.entry;
    expect(result.entry).not.toHaveProperty('settlement');
    journal.move(id, 'planned', 'paying', {}, 2_000);
    journal.move(id, 'paying', 'paid', signed, 2_000);
    expect(codeOf(() => journal.settle(id, 'paid', {}, 3_000))).toBe('journal_corrupt');
    expect(codeOf(() => journal.move(id, 'paid', 'not-paid', {}, 3_000))).toBe('journal_corrupt');
  });
});

describe('an older file', () => {
  it('is taken over, with what is in it', () => {
    journal.close();
    rmSync(path);
    const db = new Database(path);
    db.exec(migrations[0] ?? '');
    db.exec(
      `INSERT INTO payment (id, state, owner, challenge_id, reference, challenge, method, price_amount, price_currency,
         max_fee_amount, max_fee_currency, payee, network, expires_ms, pay_deadline_ms, payload, paid_amount,
         paid_currency, created_ms, updated_ms)
       VALUES ('pay_1', 'paid', 'o/1', 'c', 'r', '{"id":"c","realm":"r","method":"lightning","intent":"charge","request":"e30"}',
         'lightning', '1', 'sat', '1', 'sat', 'p', 'regtest', 1, 1, '{"preimage":"aa"}', '1', 'sat', 1, 1)`,
    );
    db.exec('PRAGMA user_version = 1');
    db.close();
    journal = openJournal({ path });
    const entry = journal.find('pay_1');
    expect(entry).toMatchObject({ state: 'paid', payload: { preimage: 'aa' } });
    expect(entry).not.toHaveProperty('settlement');
    expect(journalStates).toContain(entry?.state);
  });

  it('with a settlement that is not known is not read', () => {
    const id = bring('paid');
    journal.close();
    const db = new Database(path);
    db.prepare('UPDATE payment SET settlement = ? WHERE id = ?').run(['maybe', id]);
    db.close();
    journal = openJournal({ path });
    expect(codeOf(() => journal.find(id))).toBe('journal_corrupt');
  });
});
