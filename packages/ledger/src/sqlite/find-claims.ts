import type Database from 'libsql';
import { isChallengeId } from '../request-bounds.js';
import { columnsOf } from './columns.js';
import { allBlocks, firstSeqOf } from './key-blocks.js';
import type { KeyList } from './key-index.js';
import { type Key, keyOfChallenge, keyOfReference } from './keys.js';

/**
 * The claims that a name may mean: a challenge id, a payment reference, or `#` and a `seq`. The prints on disk are
 * searched, not the claims, so a name may find a claim that only looks alike: compare it.
 */
export function* seqsNamed(db: Database.Database, name: string): Generator<number> {
  const number = /^#([1-9][0-9]{0,9})$/.exec(name)?.[1];
  if (number !== undefined) yield Number(number);
  const challenge = isChallengeId(name) ? keyOfChallenge(name) : undefined;
  const reference = keyOfReference(name);
  let lastBlock = -1;
  for (const { block, keys } of allBlocks(db)) {
    lastBlock = block;
    if (challenge !== undefined) yield* placesOf(keys.challenges, challenge);
    yield* placesOf(keys.references, reference);
  }
  // The claims behind the last block have no prints on disk yet.
  const rest = db.prepare('SELECT seq FROM claim WHERE seq >= ? AND (challenge = ? OR reference = ?)').raw();
  for (const raw of rest.all([firstSeqOf(lastBlock + 1), challenge?.stored ?? null, reference.stored])) {
    const [seq] = columnsOf(raw);
    if (typeof seq === 'number') yield seq;
  }
}

function* placesOf({ prints, extras, seqs, first }: KeyList, { print, extra }: Key): Generator<number> {
  for (let at = prints.indexOf(print); at >= 0; at = prints.indexOf(print, at + 1)) {
    if (extras[at] === extra) yield seqs?.[at] ?? first + at;
  }
}
