import { ACCOUNT_OF_STATE, ACCOUNTS, type Account } from '@farebox/ledger';
import { isDelivered } from './answer-checks.js';
import { expectThat, type Facts, purchaseOf } from './facts.js';
import type { Operation } from './ledger.js';
import type { Process } from './process.js';
import { type AnyVerb, balances, type Row } from './store.js';

const short = (id: string): string => id.slice(0, 6);

/** Invariants 4 and 6: nothing is even asked to be written that nobody has paid for and rightly presented. */
export function checkAsked(facts: Facts, process: Process, { verb, challengeId }: Operation): void {
  if (looks(verb)) return;
  const purchase = purchaseOf(facts, challengeId);
  const paid = purchase !== undefined && facts.node.payments.has(purchase.reference);
  expectThat(facts, paid, 6, `${verb} for ${short(challengeId)}, which nobody has paid`);
  const presented = !paid || process.presented.has(challengeId);
  expectThat(facts, presented, 4, `${verb} for ${short(challengeId)}, whose credential was only refused`);
  const left = verb !== 'answered' || process.completed.has(challengeId);
  expectThat(facts, left, 3, `${short(challengeId)} is used up, and its answer has not left completely`);
}

/** What nobody waits for: it ends an earlier use. */
const marks: ReadonlySet<AnyVerb> = new Set(['answered', 'cut', 'unknown', 'abandon']);

function looks(verb: AnyVerb): boolean {
  return verb === 'find' || verb === 'answer' || verb === 'totals' || verb === 'sweep';
}

function grant(process: Process, challengeId: string): void {
  process.granted.set(challengeId, (process.granted.get(challengeId) ?? 0) + 1);
}

/** Notes what the ledger has said yes to. */
export function noteTold(
  facts: Facts,
  process: Process,
  { verb, challengeId }: Operation,
  granted: boolean,
): void {
  // A kept answer that is read is a yes too.
  if (granted && verb === 'answer') grant(process, challengeId);
  if (!granted || looks(verb) || marks.has(verb)) return;
  const delivered = verb === 'deliver' || verb === 'settle' || verb === 'redeliver';
  if (delivered) {
    facts.promised.set(challengeId, 'delivered');
    grant(process, challengeId);
  } else if (facts.promised.get(challengeId) === undefined) {
    facts.promised.set(challengeId, 'held');
  }
  for (const each of facts.presentations) {
    const concerned = each.open && each.process === process;
    if (concerned && each.purchase.challenge?.id === challengeId) each.grants++;
  }
}

/**
 * After every step, over the whole disk. Invariant 1: one challenge and one payment per claim. Invariant 3: all the
 * money that moved is delivered, credit, claimed, or not recorded yet, to the unit. Invariant 6: no claim without money.
 */
export function checkDisk(facts: Facts): void {
  const { rows } = facts.store;
  const { payments } = facts.node;
  const challenges = new Set<string>();
  const references = new Set<string>();
  let recorded = 0n;
  for (const row of rows) {
    const { challengeId, reference, paid } = row.request;
    expectThat(facts, !challenges.has(challengeId), 1, `${short(challengeId)} has two claims`);
    expectThat(facts, !references.has(reference), 1, `the payment ${short(reference)} has two claims`);
    challenges.add(challengeId);
    references.add(reference);
    const moved = payments.get(reference);
    expectThat(facts, moved !== undefined, 6, `${short(challengeId)} has a claim, and no money moved for it`);
    const right = moved === undefined || moved === paid.amount;
    expectThat(facts, right, 3, `${short(challengeId)}: ${moved} moved, ${paid.amount} in the claim`);
    recorded += paid.amount;
    checkPromise(facts, row);
  }
  let moved = 0n;
  let unrecorded = 0n;
  for (const [reference, amount] of payments) {
    moved += amount;
    if (!references.has(reference)) unrecorded += amount;
  }
  expectThat(
    facts,
    moved === recorded + unrecorded,
    3,
    `${moved} moved, ${recorded} + ${unrecorded} are known`,
  );
  checkBooks(facts);
  for (const challengeId of facts.promised.keys()) {
    expectThat(facts, challenges.has(challengeId), 3, `the ledger granted ${short(challengeId)} and lost it`);
  }
}

/** Invariant 3, once more and by the books: what they say of each account is what the claims say. */
function checkBooks({ store, violations }: Facts): void {
  const booked = balances(store.booked);
  const claimed = new Map<Account, bigint>(ACCOUNTS.map((account) => [account, 0n]));
  for (const { state, request } of store.rows) {
    const account = ACCOUNT_OF_STATE[state];
    claimed.set(account, (claimed.get(account) ?? 0n) - request.paid.amount);
    claimed.set('received', (claimed.get('received') ?? 0n) + request.paid.amount);
  }
  for (const account of ACCOUNTS) {
    const [books = 0n, claims = 0n] = [booked.get(account), claimed.get(account)];
    if (books !== claims)
      violations.push({ promise: 3, detail: `${account}: ${books} in the books, ${claims} in the claims` });
  }
}

function checkPromise(facts: Facts, { request, state }: Row): void {
  const kept = isDelivered(state) || state === 'refunded';
  const forgotten = facts.promised.get(request.challengeId) === 'delivered' && !kept;
  expectThat(facts, !forgotten, 3, `${short(request.challengeId)} was delivered, and is ${state}`);
}

/**
 * Once everything is quiet: a process that saw an answer leave has written that down, unless its ledger failed. A mark
 * that is lost with a crash costs a bounded number of further answers, and is no violation.
 */
export function checkMarks(facts: Facts, process: Process): void {
  if (process.troubles > 0 || process.late) return;
  for (const challengeId of process.completed) {
    const row = facts.store.ofChallenge(challengeId);
    // Reading a kept answer leaves no mark.
    const read = purchaseOf(facts, challengeId)?.idempotencyKey !== undefined;
    const marked = row?.state === 'answered' || row?.state === 'refunded' || read;
    expectThat(facts, marked, 1, `${short(challengeId)} has been answered, and is ${row?.state}`);
  }
}
