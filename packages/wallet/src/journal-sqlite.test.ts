import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WalletError } from './errors.js';
import type { Journal, PaymentPlan } from './journal.js';
import { openJournal } from './journal-sqlite.js';
import { type JournalState, journalStates, mayFollow, stateTable } from './states.js';

let directory = '';
let path = '';
let journal: Journal;
let count = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-journal-'));
  path = join(directory, 'deep', 'journal.db');
  journal = openJournal({ path });
});

afterEach(() => {
  journal.close();
  rmSync(directory, { recursive: true, force: true });
});

const sat = (amount: bigint) => ({ amount, currency: 'sat' });
const preimage = 'ab'.repeat(32);

function plan(changes: Partial<PaymentPlan> = {}): PaymentPlan {
  count += 1;
  return {
    request: {
      url: 'https://api.example.com/v1/orders',
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      withheld: ['x-api-key'],
      body: new TextEncoder().encode('{"item":7}'),
      fingerprint: 'f1',
      credentialHeader: 'authorization',
    },
    challenge: { id: `c${count}`, realm: 'r', method: 'lightning', intent: 'charge', request: 'e30' },
    price: sat(3n),
    maxFee: sat(10n),
    payee: '02aa',
    network: 'regtest',
    reference: `hash${count}`,
    expiresMs: 90_000,
    payDeadlineMs: 60_000,
    ...changes,
  };
}

function planned(changes: Partial<PaymentPlan> = {}): string {
  const result = journal.plan(plan(changes), 1_000);
  if (!result.ok) throw new Error('not planned');
  return result.entry.id;
}

function paid(changes: Partial<PaymentPlan> = {}): string {
  const id = planned(changes);
  journal.move(id, 'planned', 'paying', {}, 2_000);
  journal.move(
    id,
    'paying',
    'paid',
    { payload: { preimage }, paid: sat(3n), fee: { amount: 7n, currency: 'msat' } },
    3_000,
  );
  return id;
}

function step(id: string, from: JournalState, to: JournalState): void {
  if (from === 'not-paid' && to === 'planned') journal.replan(id, plan(), 9);
  else journal.move(id, from, to, to === 'paid' ? { payload: { preimage }, paid: sat(3n) } : {}, 9);
}

/** A new payment, brought to a state by the shortest way that the table has. */
function bring(state: JournalState): string {
  const ways: JournalState[][] = [['planned']];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1);
    if (last === state) {
      const id = planned();
      way.forEach((to, index) => {
        const from = way[index - 1];
        if (from !== undefined) step(id, from, to);
      });
      return id;
    }
    if (last !== undefined && way.length < 8)
      ways.push(...stateTable[last].next.map((next) => [...way, next]));
  }
  throw new Error(`no way to ${state}`);
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

describe('openJournal', () => {
  it('keeps the file and its side files to the owner', () => {
    paid();
    for (const name of [path, `${path}-wal`, `${path}-shm`])
      expect(statSync(name).mode & 0o777, name).toBe(0o600);
    expect(statSync(join(directory, 'deep')).mode & 0o777).toBe(0o700);
  });

  it('takes the rights of others away from a file that had them', () => {
    journal.close();
    chmodSync(path, 0o644);
    journal = openJournal({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gives back the whole entry after closing and opening', () => {
    const payees = [
      { payee: '02aa', amount: sat(1n) },
      { payee: '03bb', amount: sat(2n) },
    ];
    const id = paid({ payees });
    const before = journal.find(id);
    expect(before?.payees).toEqual(payees);
    journal.close();
    journal = openJournal({ path });
    expect(journal.find(id)).toEqual(before);
    expect(before).toMatchObject({
      state: 'paid',
      payload: { preimage },
      paid: sat(3n),
      fee: { amount: 7n, currency: 'msat' },
      payingMs: 2_000,
      paidMs: 3_000,
      price: sat(3n),
      presentations: 0,
    });
    expect(new TextDecoder().decode(before?.request?.body)).toBe('{"item":7}');
    expect(journal.list()[0]).toEqual(before);
  });

  it('refuses a file of a newer version, and one that is no database', () => {
    const db = new Database(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(codeOf(() => openJournal({ path }))).toBe('journal_unavailable');
    const other = join(directory, 'other.db');
    writeFileSync(
      other,
      'this is a text and no database at all, although it is long enough to be one. '.repeat(20),
    );
    expect(codeOf(() => openJournal({ path: other }))).toBe('journal_unavailable');
  });
});

describe('plan', () => {
  it('refuses a challenge id that it knows, and a payment reference that it knows', () => {
    const first = plan();
    journal.plan(first, 1);
    const sameId = journal.plan({ ...plan(), challenge: first.challenge }, 2);
    expect(sameId).toMatchObject({ ok: false, by: 'challenge' });
    const sameReference = journal.plan({ ...plan(), reference: first.reference }, 3);
    expect(sameReference).toMatchObject({ ok: false, by: 'reference' });
    expect(journal.list()).toHaveLength(1);
  });

  it('is seen at once by another connection on the same file', () => {
    const other = openJournal({ path });
    const first = plan();
    journal.plan(first, 1);
    expect(other.plan(first, 2)).toMatchObject({ ok: false });
    other.close();
  });
});

describe('move', () => {
  it('takes every step of the table and no other', () => {
    for (const from of journalStates) {
      for (const to of journalStates) {
        const id = bring(from);
        const allowed = mayFollow(from, to);
        const code = codeOf(() => step(id, from, to));
        expect(code, `${from} → ${to}`).toBe(allowed ? 'none' : 'journal_corrupt');
        expect(journal.find(id)?.state).toBe(allowed ? to : from);
      }
    }
  });

  it('lets only one of two processes take the same step', () => {
    const id = planned();
    const other = openJournal({ path });
    journal.move(id, 'planned', 'paying', {}, 2);
    expect(codeOf(() => other.move(id, 'planned', 'paying', {}, 2))).toBe('state_changed');
    other.close();
  });

  it('writes nothing when the proof is missing where it must be held', () => {
    const id = planned();
    journal.move(id, 'planned', 'paying', {}, 2);
    expect(codeOf(() => journal.move(id, 'paying', 'paid', { paid: sat(3n) }, 3))).toBe('journal_corrupt');
    expect(journal.find(id)?.state).toBe('paying');
  });

  it('drops the proof and the body on delivery, from the file too', () => {
    const id = paid();
    journal.move(id, 'paid', 'presented', {}, 4);
    const entry = journal.move(id, 'presented', 'delivered', { status: 200 }, 5);
    expect(entry.payload).toBeUndefined();
    expect(entry.request?.body).toBeUndefined();
    expect(entry.request?.url).toBe('https://api.example.com/v1/orders');
    journal.close();
    // secure_delete: the bytes are overwritten, not only unlinked.
    expect(readFileSync(path).includes(preimage)).toBe(false);
    journal = openJournal({ path });
  });

  it('leaves no proof in the write-ahead log either, once it has been written back', () => {
    const id = paid();
    expect(readFileSync(`${path}-wal`).includes(preimage)).toBe(true);
    journal.move(id, 'paid', 'presented', {}, 4);
    journal.move(id, 'presented', 'delivered', { status: 200 }, 5);
    const db = new Database(path);
    db.pragma('wal_checkpoint(TRUNCATE)');
    for (const file of readdirSync(dirname(path)))
      expect(readFileSync(join(dirname(path), file)).includes(preimage), file).toBe(false);
    db.close();
  });

  it('counts presentations and leaves a refused payment redeemable', () => {
    const id = paid();
    journal.move(id, 'paid', 'presented', {}, 4);
    journal.move(id, 'presented', 'refused', { status: 402, detail: 'no' }, 5);
    expect(journal.unfinished().map((entry) => entry.id)).toEqual([id]);
    journal.move(id, 'refused', 'presented', {}, 6);
    expect(journal.find(id)).toMatchObject({ presentations: 2, payload: { preimage } });
  });
});

describe('reading', () => {
  it('refuses a row that contradicts the state table', () => {
    const id = paid();
    const db = new Database(path);
    db.exec("UPDATE payment SET payload = NULL WHERE state = 'paid'");
    expect(codeOf(() => journal.find(id))).toBe('journal_corrupt');
    db.exec("UPDATE payment SET state = 'free lunch'");
    expect(codeOf(() => journal.find(id))).toBe('journal_corrupt');
    db.close();
  });

  it('finds credits by fingerprint, and only those', () => {
    const id = paid();
    planned();
    expect(journal.credits('f1').map((entry) => entry.id)).toEqual([id]);
    expect(journal.credits('f2')).toEqual([]);
  });

  it('knows its own rows, and whether their process still runs', () => {
    const entry = journal.find(planned());
    if (entry === undefined) throw new Error('not found');
    expect(journal.isOwn(entry)).toBe(true);
    expect(journal.ownerIsGone(entry)).toBe(false);
    const place = entry.owner.slice(0, entry.owner.lastIndexOf('/'));
    // Process ids end far below this on every system.
    expect(journal.ownerIsGone({ ...entry, owner: `${place}/2147483646` })).toBe(true);
    expect(journal.ownerIsGone({ ...entry, owner: 'elsewhere/pid:[1]/2147483646' })).toBe(false);
  });
});
