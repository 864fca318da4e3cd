import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WalletError } from './errors.js';
import type { EntryChanges, Journal, JournalEntry, PaymentPlan } from './journal.js';
import { createMemoryJournal } from './journal-memory.js';
import { openJournal } from './journal-sqlite.js';
import type { Budget } from './policy/budget.js';
import { type JournalState, journalStates, outcomeIn } from './states.js';

/** How many steps are taken side by side. */
const steps = Number(process.env.JOURNAL_RUNS ?? 300);
const seed = Number(process.env.JOURNAL_SEED ?? 7);

let directory: string;
let file: Journal;
let memory: Journal;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'farebox-memory-'));
  file = openJournal({ path: join(directory, 'journal.db') });
  memory = createMemoryJournal();
});

afterEach(() => {
  file.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Numbers that look random, the same ones for the same seed. */
function dice(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const walletOutcomes = ['not-sent', 'refused', 'unknown', 'delivered', 'credit'] as const;

const budgets: readonly Budget[] = [
  { rule: 'limits.hour', windowMs: 3_600_000, limit: { amount: 60n, currency: 'sat' } },
  {
    rule: 'limits.day',
    windowMs: 86_400_000,
    limit: { amount: 90_000n, currency: 'msat' },
    host: 'a.example',
  },
  { rule: 'limits.method', windowMs: 86_400_000, limit: { amount: 40n, currency: 'cent' }, method: 'paper' },
];

function planOf(roll: (below: number) => number): PaymentPlan {
  const number = roll(40);
  const method = roll(2) === 0 ? 'lightning' : 'paper';
  const currency = method === 'paper' ? 'cent' : 'sat';
  const challenge = { id: `challenge-${number}`, realm: 'r', method, intent: 'charge', request: 'e30' };
  return {
    challenge,
    price: { amount: BigInt(1 + roll(9)), currency },
    maxFee: { amount: BigInt(roll(3)), currency },
    payee: 'p',
    network: 'n',
    reference: `reference-${roll(5) === 0 ? roll(40) : number}`,
    expiresMs: roll(100_000_000),
    payDeadlineMs: roll(100_000_000),
    ...(roll(4) > 0 && {
      request: {
        url: `https://${roll(2) === 0 ? 'a' : 'b'}.example/${roll(3)}`,
        method: 'POST',
        headers: [['x', '1']],
        withheld: [],
        body: new Uint8Array([1, roll(255)]),
        fingerprint: `print-${roll(3)}`,
        credentialHeader: 'authorization',
      },
    }),
    ...(method === 'paper' && { settlesOnPresentation: true }),
    ...(roll(3) > 0 && { budgets }),
  };
}

function changesOf(to: JournalState, roll: (below: number) => number): EntryChanges {
  const paid = { amount: BigInt(1 + roll(5)), currency: 'sat' };
  // Now and then what does not belong there: both must refuse it.
  const proof = (to === 'paid') === roll(20) > 0;
  return {
    ...(proof && { payload: { preimage: 'x' }, paid, fee: { amount: BigInt(roll(3)), currency: 'msat' } }),
    ...(roll(3) === 0 && { detail: 'why', status: 200 }),
    ...(roll(3) === 0 && { final: true }),
    ...(to === 'not-paid' && roll(3) === 0 && { fee: { amount: 2n, currency: 'msat' } }),
  };
}

/** What a call gave: ids and owners are each journal's own. */
function tell(journal: Journal, work: (journal: Journal) => unknown): string {
  let given: unknown;
  try {
    given = work(journal);
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    given = { code: error.code };
  }
  return JSON.stringify(given, (key, value) => {
    if (key === 'id' && /^pay_/.test(String(value))) return 'id';
    if (key === 'owner') return 'owner';
    if (typeof value === 'bigint') return `${value}n`;
    return value instanceof Uint8Array ? [...value] : value;
  });
}

describe('the journal in memory', () => {
  it('does what the one in a file does, step by step', () => {
    const roll = dice(seed);
    const reached = new Set<JournalState | undefined>();
    let nowMs = 1_000;
    const pick = (journal: Journal, at: number): JournalEntry | undefined =>
      journal.findByReference(`reference-${at}`);
    for (let step = 0; step < steps; step++) {
      // Mostly forwards, sometimes far, sometimes back.
      nowMs = Math.max(1, nowMs + ([1, 1_000, 600_000, 5_000_000, -400_000][roll(5)] ?? 1));
      const plan = planOf(roll);
      const at = roll(40);
      const to = journalStates[roll(journalStates.length)] ?? 'paid';
      const changes = changesOf(to, roll);
      const from = roll(10) === 0 ? to : undefined;
      const kind = roll(10);
      const work = (journal: Journal): unknown => {
        const entry = pick(journal, at);
        if (kind < 3 || entry === undefined) return journal.plan(plan, nowMs);
        if (kind === 3)
          return journal.replan(
            entry.id,
            { ...plan, challenge: entry.challenge, reference: entry.reference },
            nowMs,
          );
        if (kind === 4) return journal.settle(entry.id, entry.state, changes, nowMs);
        if (kind === 5 && step % 20 === 0) return journal.prune({ finishedMs: 0, creditMs: 0 }, nowMs);
        if (kind === 5 && step % 3 === 0) return journal.renew(entry.id, nowMs);
        return journal.move(entry.id, from ?? entry.state, to, changes, nowMs);
      };
      const looks = (journal: Journal): unknown => [
        journal.standing(budgets, nowMs),
        journal
          .unfinished()
          .map(({ reference }) => reference)
          .sort(),
        journal
          .credits('print-1')
          .map(({ reference }) => reference)
          .sort(),
        pick(journal, at),
        journal.list({ host: 'a.example', sinceMs: nowMs - 5_000_000 }).length,
        [...journal.each({ method: 'paper', states: ['paid', 'not-paid'] })].length,
        walletOutcomes.map((outcome) => journal.list({ outcomes: [outcome] }).map(outcomeIn)),
        journal.list({ states: ['planned'], outcomes: ['delivered', 'credit'] }).length,
      ];
      const context = `step ${step} of seed ${seed}`;
      expect(tell(memory, work), context).toBe(tell(file, work));
      expect(tell(memory, looks), context).toBe(tell(file, looks));
      reached.add(pick(memory, at)?.state);
    }
    expect(reached.size).toBeGreaterThan(4);
  });

  it('renews what is presented, and nothing else, as the one in a file does', () => {
    for (const journal of [memory, file]) {
      const planned = journal.plan(planOf(dice(3)), 1);
      if (!planned.ok) throw new Error('not planned');
      const { id, price: paid } = planned.entry;
      journal.renew(id, 2);
      expect(journal.find(id)?.updatedMs).toBe(1);
      journal.move(id, 'planned', 'paying', {}, 3);
      const fee = { amount: 0n, currency: paid.currency };
      journal.move(id, 'paying', 'paid', { payload: { preimage: 'x' }, paid, fee }, 4);
      journal.move(id, 'paid', 'presented', {}, 5);
      journal.renew(id, 6);
      expect(journal.find(id)).toMatchObject({ state: 'presented', updatedMs: 6, presentations: 1 });
    }
  });

  it('gives out copies: what is done to an entry changes nothing', () => {
    const planned = memory.plan(planOf(dice(1)), 1);
    if (!planned.ok) throw new Error('not planned');
    Object.assign(planned.entry, { state: 'delivered', price: { amount: 0n, currency: 'sat' } });
    expect(memory.find(planned.entry.id)?.state).toBe('planned');
  });

  it('belongs to whoever holds it', () => {
    const planned = memory.plan(planOf(dice(2)), 1);
    if (!planned.ok) throw new Error('not planned');
    expect([memory.isOwn(planned.entry), memory.ownerIsGone(planned.entry)]).toEqual([true, false]);
    memory.close();
  });
});
