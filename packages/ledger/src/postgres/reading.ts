import { keptAnswerOf } from '../front/answers.js';
import { type Abandon, type Enter, isAdvance, isEnter, type Operation } from '../front/operations.js';
import { DamagedRow, whole } from '../front/rows.js';
import { TRANSITIONS } from '../transitions.js';
import { storedChallenge, storedReference } from './keys.js';
import type { Session } from './session.js';
import { bytesArray, numbersArray, type Statements } from './statements.js';
import type { View } from './view.js';

/** The verbs that name a claim by its challenge and may change it. */
type ByChallenge = Enter['verb'] | Abandon['verb'];

/**
 * Reads what a batch speaks of by key and has not just appended, and the answers that it asks for. Locks nothing. Returns
 * the claims that one of its operations could change where they stand: those must be locked before anything is decided.
 */
export async function readClaims(
  session: Session,
  statements: Statements,
  operations: readonly Operation[],
  view: View,
): Promise<readonly number[]> {
  const { challenges, references } = keysOf(operations, view);
  const answers = operations.flatMap((operation) => (operation.verb === 'answer' ? [operation.seq] : []));
  const [claims] = await Promise.all([
    challenges.size === 0
      ? undefined
      : session.query(statements.read, [
          bytesArray([...challenges.keys()].map(storedChallenge)),
          bytesArray([...references].map(storedReference)),
        ]),
    answers.length === 0 ? undefined : readAnswers(session, statements, answers, view),
  ]);
  return (claims?.rows ?? []).flatMap((raw) => {
    const read = view.read(raw);
    if (read === undefined) return [];
    const verbs = challenges.get(read.challengeId) ?? [];
    return verbs.some((verb) => TRANSITIONS[verb][read.place].move === 'go') ? [read.seq] : [];
  });
}

// The challenges with the verbs that may change their claims, and the payments.
function keysOf(
  operations: readonly Operation[],
  view: View,
): { readonly challenges: ReadonlyMap<string, ByChallenge[]>; readonly references: ReadonlySet<string> } {
  const challenges = new Map<string, ByChallenge[]>();
  const references = new Set<string>();
  const inserted = new Set<string>();
  operations.forEach((operation, at) => {
    if (isEnter(operation) && view.wasInserted(at)) inserted.add(operation.challengeId + operation.reference);
  });
  for (const operation of operations) {
    if (isAdvance(operation) || !('challengeId' in operation)) continue;
    const { challengeId } = operation;
    const enters = isEnter(operation);
    if (enters && inserted.has(challengeId + operation.reference)) continue;
    const verbs = challenges.get(challengeId) ?? [];
    challenges.set(challengeId, verbs);
    if (enters) references.add(operation.reference);
    if (operation.verb !== 'find' && !verbs.includes(operation.verb)) verbs.push(operation.verb);
  }
  return { challenges, references };
}

async function readAnswers(
  session: Session,
  statements: Statements,
  seqs: readonly number[],
  view: View,
): Promise<void> {
  const { rows } = await session.query(statements.answers, [numbersArray([...new Set(seqs)])]);
  for (const [stored, storedMs, status, headers, body] of rows) {
    const seq = whole(stored, 'seq');
    try {
      view.answer(seq, keptAnswerOf({ seq, stored: storedMs, status, headers, body }));
    } catch (error) {
      if (!(error instanceof DamagedRow)) throw error;
      view.answer(seq, error);
    }
  }
}

/** Reads what is known of the holders of claims that are held by somebody else. Seldom anybody. */
export async function readHolders(session: Session, statements: Statements, view: View): Promise<void> {
  const unknown = view.unknownHolders();
  if (unknown.length === 0) return;
  const { rows } = await session.query(statements.holders, [numbersArray(unknown)]);
  const standings = new Map(rows.map(([id, standing]) => [whole(id, 'holder'), standing]));
  for (const id of unknown) view.holds.learn(id, standings.get(id));
}
