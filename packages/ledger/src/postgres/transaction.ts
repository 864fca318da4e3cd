import type { Outcome } from '../sqlite/messages.js';
import { whole } from '../sqlite/rows.js';
import { type Standing, standingNumber, TRANSITIONS } from '../transitions.js';
import { challengeOfStored, referenceOfStored, storedChallenge, storedReference } from './keys.js';
import type { Kinds } from './kinds.js';
import { candidatesOf, type Enter, isAdvance, isEnter, type Operation } from './operations.js';
import type { Answer, Session } from './session.js';
import { BEGIN, bytesArray, numbersArray, type Statements } from './statements.js';
import { type Change, shapeOfNew, Vanished, View } from './view.js';

/*
 * One batch, one transaction; many gateways at once. Why exactly one of them gets a claim:
 *
 * 1. Whether a claim is new is decided by PostgreSQL alone. Every claim, deliver and release is first tried as an INSERT
 *    … ON CONFLICT DO NOTHING against two unique indexes, on the challenge and on the payment. When another gateway's
 *    transaction has appended the same key and has not ended, the INSERT waits for its end: after its COMMIT the row is
 *    skipped, after its ROLLBACK ours is appended. So of all transactions that try one key, one appends it, for good:
 *    keys never change and claims are not removed while they can be used.
 * 2. The isolation is READ COMMITTED. A statement after the INSERT has a newer snapshot, which holds whatever made the
 *    INSERT skip a row: no decision is made from before it. (REPEATABLE READ would fail the whole batch there.)
 * 3. What changes a claim that exists is decided from the row locked FOR UPDATE, by TRANSITIONS: the lock waits for
 *    whoever is changing it and then gives its newest version, and nobody else can change it before our COMMIT. Claims on
 *    which no operation of the batch could do anything where they stand (a used credential, shown again) are read without a
 *    lock: "taken" was true when they were read, and replays shall not write to the disk.
 * 4. Nobody is told anything before the COMMIT is acknowledged, with synchronous_commit on (`session.ts`). What another
 *    gateway sees of us is committed, so a "taken" never rests on something that a crash takes back.
 *
 * Deadlocks. Keys are appended in the order of the challenges, before any row is locked; rows are locked by one
 * statement, lowest seq first, and never is a lower one asked for afterwards: the transaction is begun anew instead, with
 * all of them in its first lock ({@link LockOrder}). Locks are only ever waited for on rows that are committed, so they
 * never wait for an append. What remains are appends that cross on purpose (my challenge with your payment and yours with
 * mine): PostgreSQL ends one of them, which is rolled back for certain, was told to nobody, and is tried again.
 */

/** What became of a batch. */
export interface Applied {
  readonly outcomes: readonly Outcome[];
  /** False when nothing was written. */
  readonly committed: boolean;
}

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
export interface Books {
  readonly statements: Statements;
  readonly kinds: Kinds;
}

/**
 * Applies a batch once. When it resolves, every change is on disk; when it rejects, nobody may be told of any: the
 * transaction was rolled back, or its outcome is unknown. The caller rolls back.
 *
 * @param alsoLock claims to lock besides those that the batch names by seq
 * @throws {LockOrder} @throws {Vanished} both: begin anew
 */
export async function applyOnce(
  session: Session,
  books: Books,
  operations: readonly Operation[],
  alsoLock: readonly number[],
): Promise<Applied> {
  const { statements, kinds } = books;
  const view = new View((number) => kinds.named(number));
  const candidates = candidatesOf(operations);
  const seqs = [...new Set([...operations.flatMap(seqOf), ...alsoLock])].sort((a, b) => a - b);
  if (candidates.length === 0 && seqs.length === 0) {
    await readClaims(session, books, operations, view);
    return { outcomes: view.decide(operations), committed: false };
  }
  // One flight: the lock needs nothing of the insert.
  const [, inserted, locked] = await Promise.all([
    session.run(BEGIN),
    candidates.length === 0
      ? nothing
      : session.query(statements.insert, insertValues(operations, candidates, kinds)),
    seqs.length === 0 ? nothing : session.query(statements.lock, [numbersArray(seqs)]),
  ]);
  noteInserted(view, operations, candidates, inserted);
  const lockedSeqs = locked.rows.map((raw) => view.locked(raw));
  const wanted = await readClaims(session, books, operations, view);
  await lockMore(session, books, view, lockedSeqs, wanted);
  const outcomes = view.decide(operations);
  const changes = view.changes();
  if (inserted.rows.length === 0 && changes.length === 0) {
    await session.run('ROLLBACK');
    return { outcomes, committed: false };
  }
  await commit(session, statements, changes);
  return { outcomes, committed: true };
}

const nothing: Answer = { command: '', rowCount: 0, rows: [] };

function seqOf(operation: Operation): readonly number[] {
  return isAdvance(operation) ? [operation.seq] : [];
}

function insertValues(
  operations: readonly Operation[],
  candidates: readonly number[],
  kinds: Kinds,
): readonly unknown[] {
  const entered: Enter[] = [];
  for (const at of candidates) {
    const operation = operations[at];
    if (operation !== undefined && isEnter(operation)) entered.push(operation);
  }
  const shapes = entered.map(shapeOfNew);
  return [
    numbersArray(entered.map(({ kind }) => kinds.idOf(kind))),
    numbersArray(shapes.map(({ standing }) => standingNumber(standing))),
    numbersArray(entered.map(({ paid }) => paid)),
    numbersArray(shapes.map(({ attempts }) => attempts)),
    numbersArray(entered.map(({ expiresMs }) => expiresMs)),
    numbersArray(entered.map(({ nowMs }) => nowMs)),
    bytesArray(entered.map(({ challengeId }) => storedChallenge(challengeId))),
    bytesArray(entered.map(({ reference }) => storedReference(reference))),
    entered.map(({ resource }) => resource),
    bytesArray(entered.map(({ key }) => key)),
  ];
}

function noteInserted(
  view: View,
  operations: readonly Operation[],
  candidates: readonly number[],
  inserted: Answer,
): void {
  if (inserted.rows.length === 0) return;
  const places = new Map<string, number>();
  for (const at of candidates) {
    const operation = operations[at];
    if (operation !== undefined && isEnter(operation)) {
      places.set(operation.challengeId + operation.reference, at);
    }
  }
  for (const [seq, challenge, reference] of inserted.rows) {
    const at = places.get(`${challengeOfStored(challenge)}${referenceOfStored(reference)}`);
    if (at === undefined) throw new Error('PostgreSQL appended a claim that was not asked for');
    view.inserted(at, whole(seq, 'seq'));
  }
}

// Reads what the batch speaks of by key and has not just appended. Returns the claims that one of its operations could
// change where they stand: those must be locked before anything is decided.
async function readClaims(
  session: Session,
  { statements }: Books,
  operations: readonly Operation[],
  view: View,
): Promise<readonly number[]> {
  const challenges = new Map<string, Enter['verb'][]>();
  const references = new Set<string>();
  const inserted = new Set<string>();
  operations.forEach((operation, at) => {
    if (isEnter(operation) && view.wasInserted(at)) inserted.add(operation.challengeId + operation.reference);
  });
  for (const operation of operations) {
    if (isAdvance(operation)) continue;
    const { challengeId } = operation;
    if (!isEnter(operation)) {
      if (!challenges.has(challengeId)) challenges.set(challengeId, []);
    } else if (!inserted.has(challengeId + operation.reference)) {
      const verbs = challenges.get(challengeId);
      if (verbs === undefined) challenges.set(challengeId, [operation.verb]);
      else if (!verbs.includes(operation.verb)) verbs.push(operation.verb);
      references.add(operation.reference);
    }
  }
  if (challenges.size === 0) return [];
  const answer = await session.query(statements.read, [
    bytesArray([...challenges.keys()].map(storedChallenge)),
    bytesArray([...references].map(storedReference)),
  ]);
  return answer.rows.flatMap((raw) => {
    const read = view.read(raw);
    if (read === undefined) return [];
    const verbs = challenges.get(challengeOfStored(raw[9]) ?? '') ?? [];
    return verbs.some((verb) => mayGo(verb, read.standing)) ? [read.seq] : [];
  });
}

function mayGo(verb: Enter['verb'], standing: Standing): boolean {
  return TRANSITIONS[verb][standing].move === 'go';
}

async function lockMore(
  session: Session,
  { statements }: Books,
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

async function commit(session: Session, statements: Statements, changes: readonly Change[]): Promise<void> {
  session.takeWarning();
  // One flight: should the update fail, the commit behind it says ROLLBACK.
  const [updated, committed] = await Promise.all([
    changes.length === 0 ? nothing : session.query(statements.update, updateValues(changes)),
    session.run('COMMIT'),
  ]);
  // PostgreSQL answers the COMMIT of a failed transaction with the tag ROLLBACK and no error.
  if (committed.command !== 'COMMIT') throw new Error('the transaction was rolled back');
  if (updated.rowCount !== changes.length) throw new Error('claims changed under their lock');
  // E.g. "canceling wait for synchronous replication": on the primary's disk, perhaps not on the standby's.
  const warning = session.takeWarning();
  if (warning !== undefined) throw new Error(`the commit is not certain: ${warning}`);
}

function updateValues(changes: readonly Change[]): readonly unknown[] {
  return [
    numbersArray(changes.map(({ seq }) => seq)),
    numbersArray(changes.map(({ shape }) => standingNumber(shape.standing))),
    numbersArray(changes.map(({ shape }) => shape.attempts)),
    numbersArray(changes.map(({ shape }) => shape.redeliveries)),
    numbersArray(changes.map(({ nowMs }) => nowMs)),
    bytesArray(changes.map(({ key }) => key)),
  ];
}
