import type { BuyerMethod } from '@farebox/protocol';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import type { Journal, JournalEntry } from './journal.js';
import { openJournal } from './journal-sqlite.js';
import type { JournalState } from './states.js';
import { failureOf } from './testing/failure.js';
import { PaperChain } from './testing/paper-chain.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, deliver, honest, Seller, type Turn } from './testing/seller.js';
import type { Wallet } from './wallet.js';

let seller: Seller;
let purse: TestPurse;
let wallet: Wallet;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
  ({ wallet } = purse);
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

/** From now on the file refuses every row that comes to this state, as a full disk would, until it is mended. */
function breakAt(state: JournalState): () => void {
  const sql = (text: string) => {
    const db = new Database(purse.path);
    db.exec(text);
    db.close();
  };
  sql(`CREATE TRIGGER full BEFORE UPDATE ON payment WHEN NEW.state = '${state}'
    BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
  return () => sql('DROP TRIGGER full');
}

const buy = async (): Promise<void> => {
  const result = await wallet.pay({ url: seller.url });
  await readAll(result.answer, 1_000);
};
const onlyEntry = (): JournalEntry => {
  const [entry, ...others] = purse.journal.list();
  if (entry === undefined || others.length > 0) throw new Error('there is not one payment');
  return entry;
};
/** Asks for a payment, and does this with the credential. */
const afterPaying = (then: (turn: Turn) => void) =>
  seller.behave((turn) => (turn.seen.credential === undefined ? honest(turn) : then(turn)));
/** The node pays, and its answer is lost. */
const paysUnsaid = () => {
  const { lightning } = purse;
  const lost: BuyerMethod = {
    method: 'lightning',
    intent: 'charge',
    inspect: lightning.inspect.bind(lightning),
    resume: lightning.resume.bind(lightning),
    async pay(challenge, limits) {
      await lightning.pay(challenge, limits);
      throw new Error('the answer is lost');
    },
  };
  wallet = purse.another({ methods: [lost] });
};

describe('a journal that cannot be written after the node was asked', () => {
  it.each<[JournalState, string, () => void]>([
    ['payment-unknown', 'payment_unknown', paysUnsaid],
    ['paid', 'proof_not_stored', () => undefined],
    ['presented', 'unpresented', () => undefined],
    ['delivered', 'answer_unknown', () => undefined],
    ['failed', 'answer_unknown', () => afterPaying(({ response }) => void response.writeHead(503).end())],
    ['refused', 'answer_unknown', () => afterPaying(({ response }) => void response.writeHead(403).end())],
    ['answer-unknown', 'answer_unknown', () => afterPaying(({ response }) => void response.destroy())],
  ])('at %s: says %s, names the payment, and resuming gets what was paid for', async (state, code, arm) => {
    arm();
    const mend = breakAt(state);
    const failure = await failureOf(buy());
    expect(failure).toMatchObject({ code, retry: 'resume', paymentId: onlyEntry().id });
    expect(failure.spent).not.toBe('no');
    expect(failure.outcome).not.toBe('not-sent');
    expect(['unknown', 'credit']).toContain(failure.exitClass);
    mend();
    afterPaying(({ seen, response }) => void (seen.credential && deliver(response, seen.credential)));
    const result = await wallet.resume(onlyEntry().id);
    if (result.kind !== 'delivered') throw new Error(`not delivered: ${result.kind}`);
    await readAll(result.answer, 1_000);
    expect([onlyEntry().state, purse.node.paid.length]).toEqual(['delivered', 1]);
  });

  it('at not-paid: what cannot be written down counts as not known, and costs nothing in the end', async () => {
    purse.node.next = () => Promise.resolve({ status: 'failed', reason: 'no route' });
    const mend = breakAt('not-paid');
    const { id } = await failureOf(buy()).then((failure) => {
      expect(failure).toMatchObject({ code: 'payment_unknown', retry: 'resume', paymentId: onlyEntry().id });
      return onlyEntry();
    });
    mend();
    const later = purse.another({ now: () => Date.now() + 5_000 });
    expect(await later.resume(id)).toMatchObject({ kind: 'finished', entry: { state: 'not-paid' } });
    expect(purse.node.paid).toHaveLength(0);
  });

  it('at paying: the node is not asked', async () => {
    breakAt('paying');
    expect(await failureOf(buy())).toMatchObject({ code: 'journal_unavailable', spent: 'no', retry: 'safe' });
    expect(purse.node.paid).toHaveLength(0);
  });

  it('while it is resumed: every step says where the money is', async () => {
    paysUnsaid();
    const { paymentId: id = '' } = await failureOf(buy());
    const mendPaid = breakAt('paid');
    expect(await failureOf(wallet.resume(id))).toMatchObject({
      code: 'proof_not_stored',
      retry: 'resume',
      paymentId: id,
    });
    mendPaid();
    const mend = breakAt('presented');
    expect(await failureOf(wallet.resume(id))).toMatchObject({
      code: 'unpresented',
      spent: 'yes',
      retry: 'resume',
      paymentId: id,
    });
    mend();
    expect((await wallet.resume(id)).kind).toBe('delivered');
    expect(purse.node.paid).toHaveLength(1);
  });

  it('an answer that is left early, or breaks off, ends as it would have', async () => {
    afterPaying(({ response }) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
    breakAt('answer-unknown');
    const failure = await failureOf(buy());
    expect(failure).toMatchObject({ code: 'answer_unknown', retry: 'resume', paymentId: onlyEntry().id });
    expect(failure.message).toContain('broke off');
  });
});

describe('a payment that another process has changed', () => {
  /** The same file as another process has it: no row there is our own, and every owner lives. */
  const elsewhere = (): Journal => {
    const journal = openJournal({ path: purse.path });
    const foreign = { isOwn: () => false, ownerIsGone: () => false };
    return Object.assign(journal, foreign);
  };

  it('is left alone by others from the payment until its answer', async () => {
    const other = elsewhere();
    const seen: string[] = [];
    const theirs = purse.another({ journal: other });
    seller.behave(async (turn) => {
      if (turn.seen.credential === undefined) return honest(turn);
      seen.push((await failureOf(theirs.resume(onlyEntry().id))).code);
      deliver(turn.response, turn.seen.credential);
    });
    await buy();
    expect(seen).toEqual(['in_progress']);
    other.close();
  });

  it('between paid and presented too', async () => {
    paysUnsaid();
    const { paymentId: id = '' } = await failureOf(buy());
    const mend = breakAt('presented');
    await failureOf(wallet.resume(id));
    mend();
    expect(onlyEntry().state).toBe('paid');
    const other = elsewhere();
    expect(await failureOf(purse.another({ journal: other }).resume(id))).toMatchObject({
      code: 'in_progress',
    });
    const [{ payDeadlineMs }, late] = [onlyEntry(), 31_000];
    const afterwards = purse.another({ journal: other, now: () => payDeadlineMs + late });
    expect((await afterwards.resume(id, { evenExpired: true })).kind).toBe('delivered');
    other.close();
  });

  it('is never reported as not sent', async () => {
    let id = '';
    afterPaying(({ response }) => {
      // Another process presents it meanwhile, and is refused.
      ({ id } = onlyEntry());
      purse.journal.move(id, 'presented', 'refused', { status: 403, detail: 'no' }, Date.now());
      response.writeHead(503).end();
    });
    expect(await failureOf(buy())).toMatchObject({
      code: 'in_progress',
      spent: 'yes',
      retry: 'resume',
      paymentId: id,
    });
  });

  it.each<JournalState>(['refused', 'failed', 'answer-unknown'])(
    'is delivered if we have it all, although the other one made it %s meanwhile',
    async (state) => {
      afterPaying(({ seen, response }) => {
        const { id } = onlyEntry();
        purse.journal.move(id, 'presented', 'presented', {}, Date.now());
        purse.journal.move(id, 'presented', state, { status: 409, detail: 'in use' }, Date.now());
        if (seen.credential) deliver(response, seen.credential);
      });
      await buy();
      const entry = onlyEntry();
      expect(entry).toMatchObject({ state: 'delivered', status: 200, detail: 'delivered' });
      expect([entry.payload, purse.node.paid.length]).toEqual([undefined, 1]);
      expect(await wallet.resume(entry.id)).toMatchObject({ kind: 'finished' });
    },
  );

  it('is delivered, if the other one has it and so have we', async () => {
    afterPaying(({ seen, response }) => {
      purse.journal.move(onlyEntry().id, 'presented', 'delivered', { status: 200 }, Date.now());
      if (seen.credential) deliver(response, seen.credential);
    });
    await buy();
    expect(onlyEntry().state).toBe('delivered');
  });
});

describe('a payment that is only signed, and a journal that cannot be written', () => {
  const limits = { max: { amount: 50n, currency: 'cent' }, maxFee: { amount: 9n, currency: 'cent' } };

  it.each<[JournalState, string]>([
    ['presented', 'settlement_unknown'],
    ['refused', 'answer_unknown'],
    ['not-paid', 'settlement_unknown'],
  ])('at %s: says %s until the method has had the last word', async (state, code) => {
    const chain = new PaperChain();
    wallet = purse.another({ methods: [chain], limits });
    seller.behave(({ seen, response }) => {
      if (seen.credential === undefined) return ask(response, chain.challenge(20n, seller.url));
      // Never carried out, and never will be.
      chain.expire();
      response.writeHead(403).end();
    });
    const mend = breakAt(state);
    expect(await failureOf(buy())).toMatchObject({
      code,
      outcome: 'unknown',
      spent: 'maybe',
      retry: 'resume',
      paymentId: onlyEntry().id,
    });
    mend();
    chain.expire();
    const resumed = await wallet.resume(onlyEntry().id);
    expect([resumed.kind, onlyEntry().state, chain.payments]).toEqual(['finished', 'not-paid', 0]);
  });
});
