import { type Enter, isEnter, type Operation } from '../front/operations.js';
import { whole } from '../front/rows.js';
import { stateNumber } from '../transitions.js';
import { challengeOfStored, referenceOfStored, storedChallenge, storedReference } from './keys.js';
import type { Kinds } from './kinds.js';
import type { Answer } from './session.js';
import { bytesArray, numbersArray } from './statements.js';
import { shapeOfNew, type View } from './view.js';

/** The values of the statement `insert`, for the operations of a batch that `candidatesOf` has chosen. */
export function insertValues(
  operations: readonly Operation[],
  candidates: readonly number[],
  kinds: Kinds,
  holder: number,
): readonly unknown[] {
  const entered: Enter[] = [];
  for (const at of candidates) {
    const operation = operations[at];
    if (operation !== undefined && isEnter(operation)) entered.push(operation);
  }
  const shapes = entered.map(shapeOfNew);
  return [
    numbersArray(entered.map(({ kind }) => kinds.idOf(kind))),
    numbersArray(shapes.map(({ state }) => stateNumber(state))),
    numbersArray(entered.map(({ paid }) => paid)),
    numbersArray(shapes.map(({ attempts }) => attempts)),
    numbersArray(entered.map(({ expiresMs }) => expiresMs)),
    numbersArray(entered.map(({ nowMs }) => nowMs)),
    bytesArray(entered.map(({ challengeId }) => storedChallenge(challengeId))),
    bytesArray(entered.map(({ reference }) => storedReference(reference))),
    entered.map(({ resource }) => resource),
    bytesArray(entered.map(({ key }) => key)),
    entered.map(({ rate }) => (rate === '' ? null : rate)),
    holder,
  ];
}

/** Tells the view which operations have become claims, from the answer of the statement `insert`. */
export function noteInserted(
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
