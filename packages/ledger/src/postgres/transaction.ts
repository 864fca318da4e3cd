import type { Applied } from '../front/messages.js';
import { isAdvance, type Operation } from '../front/operations.js';
import { insertValues, noteInserted } from './appending.js';
import { candidatesOf } from './candidates.js';
import { Vanished } from './held.js';
import type { Guard } from './holder.js';
import { Holds } from './holds.js';
import type { Kinds } from './kinds.js';
import { readClaims, readHolders } from './reading.js';
import type { Answer, Session } from './session.js';
import { BEGIN, numbersArray, type Statements } from './statements.js';
import { View } from './view.js';

/*
 * One batch, one transaction; many gateways at once.
 *
 * Why exactly one of them gets a claim:
 *
 * 1. Whether a claim is new is decided by PostgreSQL alone. Every claim, deliver and release is first tried as an INSERT
 *    … ON CONFLICT DO NOTHING against two unique indexes, on the challenge and on the payment. When another gateway's
 *    transaction has appended the same key and has not ended, the INSERT waits for its end: after its COMMIT the row is
 *    skipped, after its ROLLBACK ours is appended. So of all transactions that try one key, one appends it, for good:
 *    keys never change, and a claim is removed (`sweep.ts`) only when its payment is accounted for and its challenge has
 *    expired, so that the gate lets it in no more.
 * 2. The isolation is READ COMMITTED. A statement after the INSERT has a newer snapshot, which holds whatever made the
 *    INSERT skip a row: no decision is made from before it. (REPEATABLE READ would fail the whole batch there.)
 * 3. What changes a claim that exists is decided from the row locked FOR UPDATE, by TRANSITIONS: the lock waits for
 *    whoever is changing it and then gives its newest version, and nobody else can change it before our COMMIT. Claims on
 *    which no operation of the batch could do anything where they stand (a used credential, shown again) are read without a
 *    lock: "taken" was true when they were read, and replays shall not write to the disk.
 * 4. Nobody is told anything before the COMMIT is acknowledged, with synchronous_commit on (`session.ts`). What another
 *    gateway sees of us is committed, so a "taken" never rests on something that a crash takes back.
 *
 * Why a claim that is held moves by its holder's hand or after its holder's death, and never by both:
 *
 * 5. Every transaction that writes takes the row of its own holder first, FOR SHARE, if it is not fenced (the guard), and
 *    keeps it until it has ended. To fence is to UPDATE that row, which no one can do meanwhile. So when a holder is fenced
 *    for all to see, each transaction of its that passed the guard has ended, and none will pass any more: "fenced" is
 *    final. A process that was stopped for longer than its lease, and wakes, finds no row and is refused whole, whatever it
 *    had sent before it was stopped; so does a connection that was lost with a COMMIT under way.
 * 6. A claim that somebody holds is moved by another one only if its holder, read after the claim was locked, is fenced or
 *    gone; a row of a holder is removed only when it is fenced, and ids are random, so that none is used
 *    again even after a failover that lost the last holders. A holder whose lease has run
 *    out and who is not fenced is alive: MustFence rolls the batch back, somebody fences that holder in a transaction of its
 *    own, if its lease has run out still, and the batch begins anew. (It renews its own lease before: of two that woke
 *    late, one may fence the other, but not each the other.) What is told without moving anything (`find`) may call
 *    such a holder's claims orphaned: they are, unless it wakes first.
 * 7. No clock of a gateway is asked. When the database's clock jumps, a holder is fenced early or late, and 5 still holds:
 *    fenced early, it is refused and goes on as a new one; what it held are orphans.
 *
 * Why there is no deadlock. A transaction takes, in this order: its own holder; the keys that it appends, in the order of
 * the challenges; rows of claims, by one statement and lowest seq first, never a lower one afterwards (the transaction is
 * begun anew instead, with all of them in its first lock: {@link LockOrder}); what hangs on the claims that it has locked
 * (entries, answers, credits), which nobody touches without that lock; and its own sums of the books, which have rows for
 * each holder. Locks on claims are only ever waited for on rows that are committed, so they never wait for an append.
 *
 * - Its own holder's row is wanted by others only in order to fence it. Who fences holds nothing else, and waits for
 *   nothing: a row that is taken is left alone (SKIP LOCKED), and its holder counts as alive for that batch.
 *   (Fencing within the batch would deadlock: after an outage of the database all leases have run out, and each of two
 *   gateways could hold its own row and want the other's.)
 * - Housekeeping (`sweep.ts`) skips every claim that is locked, so it waits for no batch, and writes sums under `nobody`,
 *   where batches write none. What it has locked, batches wait for; it ends without them.
 * - What remains are appends that cross on purpose (my challenge with your payment and yours with mine): PostgreSQL ends
 *   one of them, which is rolled back for certain, was told to nobody, and is tried again.
 *
 * Gateways that have nothing to do with the same claim share no row at all: not in the lease (each renews its own, on a
 * batch where there is one), nor in the books.
 */

/** These claims must be locked too, and are lower than one that is locked: begin anew. */
export class LockOrder extends Error {
  override readonly name = 'LockOrder';
  /** The claims to lock at first. */
  readonly seqs: readonly number[];

  constructor(seqs: readonly number[]) {
    super('rows would be locked out of order');
    this.seqs = seqs;
  }
}

/** What a transaction needs beside its connection. */
export interface Terms {
  readonly statements: Statements;
  readonly kinds: Kinds;
  /** Whose transaction it is. */
  readonly holder: number;
  /** How it takes its holder. */
  readonly guard: Guard;
  /** Told what the guard answered. @throws {Fenced} */
  readonly guarded: (answer: Answer) => void;
  /** Claims to lock besides those that the batch names by seq. */
  readonly alsoLock: readonly number[];
  /** Holders that count as alive although their leases have run out. */
  readonly spared: ReadonlySet<number>;
}

/** What became of a batch. */
export interface AppliedOnce extends Applied {
  /** The lease of its holder was renewed with it. */
  readonly renewed: boolean;
}

/**
 * Applies a batch once. When it resolves, every change is on disk; when it rejects, nobody may be told of any: the
 * transaction was rolled back, or its outcome is unknown. The caller rolls back.
 *
 * @throws {LockOrder} @throws {Vanished} @throws {MustFence} all three: begin anew
 * @throws {Fenced}
 */
export async function applyOnce(
  session: Session,
  terms: Terms,
  operations: readonly Operation[],
): Promise<AppliedOnce> {
  const { statements, kinds, holder } = terms;
  const view = new View({
    holder,
    holds: new Holds(holder, terms.spared),
    kindOf: (number) => kinds.named(number),
    kindIdOf: (number) => kinds.idOf(number),
  });
  if (operations.every(({ verb }) => verb === 'find' || verb === 'answer')) {
    await readClaims(session, statements, operations, view);
    return { outcomes: view.decide(operations), committed: false, renewed: false };
  }
  const anyInserted = await begin(session, terms, operations, view);
  await readHolders(session, statements, view);
  const outcomes = view.decide(operations);
  const touched = view.touched();
  if (!anyInserted && touched.length === 0 && !terms.guard.renews) {
    await session.run('ROLLBACK');
    return { outcomes, committed: false, renewed: false };
  }
  session.takeWarning();
  // One flight: should one fail, the commit behind it says ROLLBACK.
  await committed(
    session,
    view.writes.send(session, statements, touched, holder, holder),
    session.run('COMMIT'),
  );
  return { outcomes, committed: touched.length > 0, renewed: terms.guard.renews };
}

// Begins the transaction, appends, and locks; then the view knows all that it needs but holders. True when any claim was
// appended.
async function begin(
  session: Session,
  terms: Terms,
  operations: readonly Operation[],
  view: View,
): Promise<boolean> {
  const { statements, kinds, holder, guard } = terms;
  const candidates = candidatesOf(operations);
  const named = operations.flatMap((operation) => (isAdvance(operation) ? [operation.seq] : []));
  const seqs = [...new Set([...named, ...terms.alsoLock])].sort((a, b) => a - b);
  // One flight: none of them needs anything of those before.
  const [, guarded, inserted, locked] = await Promise.all([
    session.run(BEGIN),
    session.query(guard.statement, guard.values),
    candidates.length === 0
      ? nothing
      : session.query(statements.insert, insertValues(operations, candidates, kinds, holder)),
    seqs.length === 0 ? nothing : session.query(statements.lock, [numbersArray(seqs)]),
  ]);
  terms.guarded(guarded);
  noteInserted(view, operations, candidates, inserted);
  const lockedSeqs = locked.rows.map((raw) => view.locked(raw));
  const wanted = await readClaims(session, statements, operations, view);
  await lockMore(session, statements, view, lockedSeqs, wanted);
  return inserted.rows.length > 0;
}

const nothing: Answer = { command: '', rowCount: 0, rows: [] };

async function lockMore(
  session: Session,
  statements: Statements,
  view: View,
  locked: readonly number[],
  wanted: readonly number[],
): Promise<void> {
  const has = new Set(locked);
  const missing = wanted.filter((seq) => !has.has(seq)).sort((a, b) => a - b);
  const [lowest] = missing;
  if (lowest === undefined) return;
  const highest = locked.at(-1);
  if (highest !== undefined && lowest < highest) throw new LockOrder(missing);
  const answer = await session.query(statements.lock, [numbersArray(missing)]);
  if (answer.rows.length !== missing.length)
    throw new Vanished('a claim was removed while it was being locked');
  for (const raw of answer.rows) view.locked(raw);
}

/**
 * Waits for statements that were sent, and the COMMIT behind them.
 *
 * @throws when it is not certain that all of it is on disk
 */
export async function committed(
  session: Session,
  sent: readonly Promise<Answer>[],
  commit: Promise<Answer>,
): Promise<void> {
  const [end] = await Promise.all([commit, ...sent]);
  // PostgreSQL answers the COMMIT of a failed transaction with the tag ROLLBACK and no error.
  if (end.command !== 'COMMIT') throw new Error('the transaction was rolled back');
  // E.g. "canceling wait for synchronous replication": on the primary's disk, perhaps not on the standby's.
  const warning = session.takeWarning();
  if (warning !== undefined) throw new Error(`the commit is not certain: ${warning}`);
}
