import { createMemoryJournal, type Journal, type PaymentPlan } from '@farebox/wallet';
import { beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../cli-error.js';
import { viewEntry } from '../views.js';
import { readHistoryFilter } from './options.js';
import {
  historyCsvHeader,
  historyCsvRow,
  historyHeading,
  historyLine,
  totalLine,
  totalsHeading,
} from './rows.js';
import { addUp } from './totals.js';

const noon = Date.parse('2026-01-31T12:00:00Z');
const day = 86_400_000;
let journal: Journal;
let count = 0;

beforeEach(() => {
  journal = createMemoryJournal();
});

/** Buys for 3 sat and a fee of 1.5, delivered where nothing else is said. */
function buy(
  url: string | undefined,
  atMs: number,
  ends: 'delivered' | 'failed' | 'paid' | 'not-paid' | 'paid-back' = 'delivered',
): string {
  count += 1;
  const sat = (amount: bigint) => ({ amount, currency: 'sat' });
  const plan: PaymentPlan = {
    ...(url !== undefined && {
      request: {
        url,
        method: 'GET',
        headers: [],
        withheld: [],
        fingerprint: 'f',
        credentialHeader: 'authorization',
      },
    }),
    challenge: { id: `c${count}`, realm: 'r', method: 'lightning', intent: 'charge', request: 'e30' },
    price: sat(3n),
    maxFee: sat(2n),
    payee: '02',
    network: 'regtest',
    reference: `hash${count}`,
    expiresMs: atMs + 60_000,
    payDeadlineMs: atMs + 60_000,
  };
  const result = journal.plan(plan, atMs);
  if (!result.ok) throw new Error('not planned');
  const { id } = result.entry;
  journal.move(id, 'planned', 'paying', {}, atMs);
  if (ends === 'paid-back') {
    const fee = { amount: 1_500n, currency: 'msat' };
    journal.move(id, 'paying', 'not-paid', { final: true, fee }, atMs);
    return id;
  }
  if (ends === 'not-paid') {
    journal.move(id, 'paying', 'not-paid', {}, atMs);
    return id;
  }
  const fee = { amount: 1_500n, currency: 'msat' };
  journal.move(id, 'paying', 'paid', { payload: { preimage: 'secret' }, paid: sat(3n), fee }, atMs);
  if (ends === 'paid') return id;
  journal.move(id, 'paid', 'presented', {}, atMs);
  journal.move(id, 'presented', ends, { status: 200 }, atMs);
  return id;
}

describe('what is chosen', () => {
  it('by time, host, method and state, in the words of the journal or of the exit codes', async () => {
    const filter = await readHistoryFilter(
      {
        since: '24h',
        until: '2026-01-31',
        host: 'API.example.com.',
        method: 'tempo',
        state: ['credit', 'paying'],
      },
      noon,
    );
    expect(filter).toEqual({
      sinceMs: noon - day,
      untilMs: Date.parse('2026-01-31T00:00:00Z'),
      host: 'api.example.com',
      method: 'tempo',
      states: ['paying'],
      outcomes: ['credit'],
    });
  });

  it.each([
    [{ state: ['nonsense'] }, /There is no state "nonsense"; known: not-sent, refused/],
    [{ since: 'yesterday' }, /--since is a date/],
    [{ since: '1h', until: '2h' }, /the period is empty/],
    [{ host: 'a b' }, /is no host/],
  ])('%j is refused with what is allowed', async (options, message) => {
    await expect(readHistoryFilter(options, noon)).rejects.toThrow(CliError);
    await expect(readHistoryFilter(options, noon)).rejects.toThrow(message);
  });
});

describe('totals', () => {
  it('add up by day and host, newest day first, and count what stands how', () => {
    buy('https://a.test/1', noon);
    buy('https://a.test:8443/2', noon + 60_000, 'failed');
    buy('https://b.test/1', noon);
    // The last millisecond of the day before, UTC.
    buy('https://a.test/1', Date.parse('2026-01-30T23:59:59.999Z'));
    expect(addUp(journal.each())).toMatchObject([
      {
        day: '2026-01-31',
        host: 'a.test',
        paid: 6n,
        currency: 'sat',
        fee: 3_000n,
        outcomes: { delivered: 1, credit: 1 },
      },
      { day: '2026-01-31', host: 'b.test', paid: 3n, outcomes: { delivered: 1, credit: 0 } },
      { day: '2026-01-30', host: 'a.test', paid: 3n },
    ]);
  });
});

describe('totals of one host', () => {
  it('are one row, whether a payment has cost a fee in msat or only had a limit of fees in sat', () => {
    buy('https://a.test/1', noon);
    buy('https://a.test/1', noon, 'not-paid');
    const totals = addUp(journal.each());
    expect(totals).toMatchObject([{ paid: 3n, fee: 1_500n, outcomes: { delivered: 1, 'not-sent': 1 } }]);
    expect(totals.map(totalLine)[0]).toContain('3 sat + 1.5 sat  1 not-sent, 1 delivered');
  });
});

describe('a payment that was taken back', () => {
  it('is shown with the fee that it cost, and the totals have it', () => {
    const id = buy('https://a.test/1', noon, 'paid-back');
    expect(addUp(journal.each())).toMatchObject([{ paid: 0n, fee: 1_500n, outcomes: { 'not-sent': 1 } }]);
    const entry = journal.find(id);
    expect(entry && historyLine(entry)).toContain('- + 1.5 sat');
    expect(entry && viewEntry(entry).cost.feeMsat).toBe('1500');
  });
});

describe('an invoice that was paid by hand', () => {
  it('is delivered and no credit: what was bought is its preimage', async () => {
    const byHand = buy(undefined, noon, 'paid');
    const credit = buy('https://a.test/1', noon, 'failed');
    const listed = async (state: string) =>
      journal.list(await readHistoryFilter({ state: [state] }, noon)).map(({ id }) => id);
    expect([await listed('delivered'), await listed('credit')]).toEqual([[byHand], [credit]]);
    expect(journal.unfinished().map(({ id }) => id)).toEqual([credit]);
    const [entry] = journal.list({ states: ['paid'] });
    expect(entry && viewEntry(entry)).toMatchObject({ state: 'paid', outcome: 'delivered', credit: false });
    expect(addUp(journal.each({ states: ['paid'] }))).toMatchObject([
      { host: 'by hand', paid: 3n, outcomes: { delivered: 1, credit: 0 } },
    ]);
  });

  it('is dropped with its preimage when its retention has passed', () => {
    const id = buy(undefined, noon, 'paid');
    const retention = { finishedMs: day, creditMs: 10 * day };
    expect(journal.prune(retention, noon + 10 * day)).toBe(0);
    expect(journal.find(id)?.payload).toEqual({ preimage: 'secret' });
    expect(journal.prune(retention, noon + 11 * day)).toBe(1);
    expect(journal.find(id)).toBeUndefined();
  });
});

describe('rows', () => {
  it('have as many fields as the header, quoted where they need it, and never the proof', () => {
    buy('https://a.test/?q="x",y', noon, 'failed');
    const [entry] = journal.list();
    if (entry === undefined) throw new Error('not found');
    const row = historyCsvRow(entry);
    expect(row).toContain('"https://a.test/?q=""x"",y"');
    expect(row).toContain(',3,3,sat,1500,msat,');
    expect(row.replace(/"[^"]*(?:""[^"]*)*"/g, 'q').split(',')).toHaveLength(
      historyCsvHeader.split(',').length,
    );
    for (const text of [row, historyLine(entry)]) expect(text).not.toContain('secret');
    expect(historyLine(entry)).toContain('3 sat + 1.5 sat');
    // Each heading begins, or ends, where its column does.
    const line = historyLine(entry);
    expect(historyHeading.indexOf('begun')).toBe(line.indexOf('2026-01-31'));
    expect(historyHeading.indexOf('state')).toBe(line.indexOf('failed'));
    expect(historyHeading.lastIndexOf('for')).toBe(line.indexOf('GET '));
    const [total] = addUp(journal.each()).map(totalLine);
    expect(totalsHeading.indexOf('host')).toBe(total?.indexOf('a.test'));
    expect(totalsHeading.indexOf('payments')).toBe(total?.indexOf('1 credit'));
  });
});
