import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from './journal.js';
import { migrations } from './journal-schema.js';
import { openJournal } from './journal-sqlite.js';
import { day, hour, idOf, pay, plan, standing, start } from './testing/budget-plans.js';

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

describe('prune', () => {
  const retention = { finishedMs: 10 * 24 * hour, creditMs: 20 * 24 * hour };

  it('drops what is finished, then credits, and never what may still be paid', () => {
    const done = pay(journal, [], 0n, start);
    journal.move(done, 'paid', 'presented', {}, start);
    journal.move(done, 'presented', 'delivered', {}, start);
    const credit = pay(journal, [], 0n, start);
    const unknown = idOf(journal.plan(plan([]), start));
    journal.move(unknown, 'planned', 'paying', {}, start);
    const signed = pay(journal, [], 0n, start, { settlesOnPresentation: true });
    const left = () => [...journal.each()].map(({ id }) => id).sort();
    expect(journal.prune(retention, start + 9 * 24 * hour)).toBe(0);
    expect(journal.prune(retention, start + 11 * 24 * hour)).toBe(1);
    expect(left()).toEqual([credit, unknown, signed].sort());
    expect(journal.prune(retention, start + 21 * 24 * hour)).toBe(1);
    expect(journal.prune(retention, start + 9_000 * 24 * hour)).toBe(0);
    expect(left()).toEqual([unknown, signed].sort());
    expect(standing(journal, day(100n), start)).toEqual([0n, 22_000n, 78_000n]);
  });

  it('keeps everything for a week, whatever it is told', () => {
    const id = idOf(journal.plan(plan([]), start));
    journal.move(id, 'planned', 'not-paid', {}, start);
    expect(journal.prune({ finishedMs: 0, creditMs: 0 }, start + 6 * 24 * hour)).toBe(0);
    expect(journal.prune({ finishedMs: 0, creditMs: 0 }, start + 8 * 24 * hour)).toBe(1);
  });
});

describe('reading', () => {
  it('filters, and gives all pages of all there is', () => {
    for (let index = 0; index < 450; index += 1) {
      const url = index % 3 === 0 ? 'https://a.test/x' : 'https://b.test/x';
      journal.plan(plan([], { url }), start + (index % 7));
    }
    const all = [...journal.each()];
    expect(new Set(all.map(({ id }) => id)).size).toBe(450);
    expect(all.map(({ createdMs }) => createdMs)).toEqual(
      all.map(({ createdMs }) => createdMs).toSorted((a, b) => b - a),
    );
    expect([...journal.each({ host: 'A.test' })]).toHaveLength(150);
    expect([...journal.each({ sinceMs: start + 3, untilMs: start + 4 })]).toHaveLength(64);
    expect(journal.list({ method: 'tempo' })).toEqual([]);
    expect(journal.list({ states: ['planned'], limit: 7 })).toHaveLength(7);
    expect(journal.list({ states: [] })).toEqual([]);
  });
});

describe('a journal from before budgets', () => {
  it('is counted when it is opened', () => {
    journal.close();
    rmSync(path);
    const db = new Database(path);
    for (const sql of migrations.slice(0, 2)) db.exec(sql);
    const insert = (id: string, state: string, paid: string, payload: string) =>
      db.exec(
        `INSERT INTO payment (id, state, owner, challenge_id, reference, challenge, method, price_amount, price_currency,
           max_fee_amount, max_fee_currency, payee, network, expires_ms, pay_deadline_ms, payload, paid_amount,
           paid_currency, created_ms, updated_ms, url, http_method, headers, withheld, fingerprint, credential_header)
         VALUES ('${id}', '${state}', 'o/1', '${id}', '${id}', '{"id":"c","realm":"r","method":"lightning","intent":"charge","request":"e30"}',
           'lightning', '10', 'sat', '2', 'sat', '02', 'regtest', ${start}, ${start}, ${payload}, ${paid}, ${start}, ${start},
           'https://api.example.com/x', 'GET', '[]', '[]', 'f', 'authorization')`,
      );
    insert('pay_1', 'delivered', `'10', 'sat'`, 'NULL');
    insert('pay_2', 'paying', 'NULL, NULL', 'NULL');
    insert('pay_3', 'refused', `'10', 'sat'`, `'{}'`);
    db.exec('PRAGMA user_version = 2');
    db.close();
    journal = openJournal({ path });
    // Nothing is known of the fees: the cap counts.
    expect(standing(journal, day(100n, { host: 'api.example.com' }), start + 1)).toEqual([
      24_000n,
      12_000n,
      64_000n,
    ]);
    expect(journal.list({ host: 'api.example.com' })).toHaveLength(3);
  });
});
