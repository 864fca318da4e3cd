import { MOVEMENTS, movementNumber } from '../books.js';
import type { NewAnswer } from '../front/operations.js';
import { type ClaimState, stateNumber } from '../transitions.js';
import type { Held } from './held.js';
import type { Answer, Session } from './session.js';
import { bytesArray, numbersArray, type Statements } from './statements.js';

/** Room for the number of a movement beside that of a kind. */
const sumRoom = MOVEMENTS.length + 1;

interface Sum {
  readonly kindId: number;
  readonly number: number;
  count: number;
  amount: bigint;
}

interface LogEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly number: number;
}

interface Kept extends NewAnswer {
  readonly storedMs: number;
}

/** What one transaction has decided to write, besides the claims that it appended. */
export class Writes {
  readonly #sums = new Map<number, Sum>();
  readonly #log: LogEntry[] = [];
  readonly #answers = new Map<number, Kept>();

  /**
   * The whole amount of a claim moves in the books, where its change of state says so. Its first movement is not logged:
   * the claim's own row tells it.
   *
   * @param from undefined: it comes into being
   */
  moved(held: Held, from: ClaimState | undefined, to: ClaimState, atMs: number): void {
    const number = movementNumber(from, to);
    if (number === 0) return;
    const { kindId, paid, seq } = held;
    const name = kindId * sumRoom + number;
    const sum = this.#sums.get(name) ?? { kindId, number, count: 0, amount: 0n };
    sum.count++;
    sum.amount += paid;
    this.#sums.set(name, sum);
    if (from !== undefined) this.#log.push({ seq, atMs, number });
  }

  /** The answer of a claim that is delivered now. */
  keep(seq: number, storedMs: number, answer: NewAnswer): void {
    this.#answers.set(seq, { ...answer, storedMs });
  }

  /** The answer that this transaction keeps for a claim. */
  kept(seq: number): Kept | undefined {
    return this.#answers.get(seq);
  }

  /**
   * Sends everything, each after the other without waiting. In this order: claims, what hangs on them, and the sums last,
   * because their rows are the ones that most others want.
   *
   * @param touched the claims that this transaction has appended, or has locked and changed
   * @param holder who holds those that it changed
   * @param booker under whom the sums are added up
   */
  send(
    session: Session,
    statements: Statements,
    touched: readonly Held[],
    holder: number,
    booker: number,
  ): readonly Promise<Answer>[] {
    const sent: Promise<Answer>[] = [];
    const changed = touched.filter((held) => held.changed);
    if (changed.length > 0) sent.push(update(session, statements, changed, holder));
    if (this.#log.length > 0) sent.push(session.query(statements.enter, this.#logValues()));
    if (this.#answers.size > 0) sent.push(session.query(statements.keep, this.#answerValues()));
    const credits = touched.filter((held) => held.shape.state === 'released');
    if (credits.length > 0) sent.push(credit(session, statements, credits));
    const spent = changed.filter(({ before, shape }) => before === 'released' && shape.state !== 'released');
    if (spent.length > 0) {
      sent.push(session.query(statements.uncredit, [numbersArray(spent.map(({ seq }) => seq))]));
    }
    if (this.#sums.size > 0) sent.push(session.query(statements.book, this.#sumValues(booker)));
    return sent;
  }

  #logValues(): readonly unknown[] {
    return [
      numbersArray(this.#log.map(({ seq }) => seq)),
      numbersArray(this.#log.map(({ atMs }) => atMs)),
      numbersArray(this.#log.map(({ number }) => number)),
    ];
  }

  #answerValues(): readonly unknown[] {
    const answers = [...this.#answers.values()];
    return [
      numbersArray([...this.#answers.keys()]),
      numbersArray(answers.map(({ storedMs }) => storedMs)),
      numbersArray(answers.map(({ status }) => status)),
      answers.map(({ headers }) => headers),
      bytesArray(answers.map(({ body }) => body)),
    ];
  }

  #sumValues(booker: number): readonly unknown[] {
    const sums = [...this.#sums.values()];
    return [
      booker,
      numbersArray(sums.map(({ kindId }) => kindId)),
      numbersArray(sums.map(({ number }) => number)),
      numbersArray(sums.map(({ count }) => count)),
      numbersArray(sums.map(({ amount }) => amount)),
    ];
  }
}

async function update(
  session: Session,
  statements: Statements,
  changed: readonly Held[],
  holder: number,
): Promise<Answer> {
  const answer = await session.query(statements.update, [
    numbersArray(changed.map(({ seq }) => seq)),
    numbersArray(changed.map(({ shape }) => stateNumber(shape.state))),
    numbersArray(changed.map(({ shape }) => shape.attempts)),
    numbersArray(changed.map(({ shape }) => shape.redeliveries)),
    numbersArray(changed.map(({ updatedMs }) => updatedMs)),
    bytesArray(changed.map(({ key }) => key)),
    holder,
  ]);
  if (answer.rowCount !== changed.length) throw new Error('claims changed under their lock');
  return answer;
}

function credit(session: Session, statements: Statements, credits: readonly Held[]): Promise<Answer> {
  return session.query(statements.credit, [
    numbersArray(credits.map(({ seq }) => seq)),
    numbersArray(credits.map(({ updatedMs }) => updatedMs)),
  ]);
}
