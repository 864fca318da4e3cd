import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Journal, JournalEntry } from '../journal.js';
import { openJournal } from '../journal-sqlite.js';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { Seller } from '../testing/seller.js';
import type { Wallet } from '../wallet.js';
import { type AnswerShelf, answerShelf } from './answer-shelf.js';

let seller: Seller;
let purse: TestPurse;
let home = '';
let shelf: AnswerShelf;
beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  home = mkdtempSync(join(tmpdir(), 'farebox-shelf-order-'));
  shelf = answerShelf(home);
});
afterEach(async () => {
  purse.close();
  await seller.close();
  rmSync(home, { recursive: true, force: true });
});

const buy = async (wallet: Wallet = purse.wallet) => {
  const result = await wallet.pay({ url: seller.url });
  if (result.kind !== 'delivered') throw new Error('not delivered');
  return result;
};
const rowOf = (id: string): JournalEntry | undefined => purse.journal.find(id);

it('an answer has its name before the journal drops the proof: a kill between them loses nothing', async () => {
  const onDisk: unknown[] = [];
  const journal = openJournal({ path: purse.path });
  const move: Journal['move'] = journal.move.bind(journal);
  const watched: Journal = Object.assign(journal, {
    move: (...step: Parameters<Journal['move']>) => {
      if (step[2] === 'delivered') onDisk.push(step[0], readFileSync(join(home, step[0]), 'utf8'));
      return move(...step);
    },
  });
  const { answer, entry } = await buy(purse.another({ journal: watched }));
  const kept = await shelf.keep(answer, entry.id);
  expect([onDisk, kept.text]).toEqual([[entry.id, '{"rate":1}'], '{"rate":1}']);
  expect(rowOf(entry.id)?.state).toBe('delivered');
  expect(await shelf.find(entry.id)).toMatchObject({ text: '{"rate":1}' });
  journal.close();
});

it('an answer that cannot take its name stays resumable, and is not thrown away', async () => {
  const { answer, entry } = await buy();
  const { id } = entry;
  mkdirSync(join(home, id));
  const failure = await failureOf(shelf.keep(answer, id));
  expect(failure).toMatchObject({ code: 'answer_unknown', retry: 'resume', spent: 'yes', paymentId: id });
  const [partial = ''] = readdirSync(home).filter((name) => name.endsWith('.partial'));
  expect(failure.message).toContain(join(home, partial));
  expect(readFileSync(join(home, partial), 'utf8')).toBe('{"rate":1}');
  expect(rowOf(id)).toMatchObject({ state: 'answer-unknown', detail: 'the answer could not be kept' });
  rmdirSync(join(home, id));
  const resumed = await purse.wallet.resume(id);
  if (resumed.kind !== 'delivered') throw new Error('not delivered');
  expect((await shelf.keep(resumed.answer, id)).text).toBe('{"rate":1}');
  expect([rowOf(id)?.state, purse.node.paid.length]).toEqual(['delivered', 1]);
});

it('a delivery that the journal does not take names the file with the answer', async () => {
  const { answer, entry } = await buy();
  const db = new Database(purse.path);
  db.exec(`CREATE TRIGGER full BEFORE UPDATE ON payment WHEN NEW.state = 'delivered'
    BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
  db.close();
  const failure = await failureOf(shelf.keep(answer, entry.id));
  expect(failure).toMatchObject({ code: 'answer_unknown', retry: 'resume', paymentId: entry.id });
  expect(failure.message).toContain(join(home, entry.id));
  expect(readFileSync(join(home, entry.id), 'utf8')).toBe('{"rate":1}');
});
