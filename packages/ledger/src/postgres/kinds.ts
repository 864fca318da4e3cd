import { Fields } from '../front/fields.js';
import type { Kind } from '../front/kind.js';
import type { Field } from '../front/messages.js';
import { whole } from '../front/rows.js';
import type { Session } from './session.js';

interface KnownKind extends Kind {
  /** The row; 0 while it is not known. */
  id: number;
}

/**
 * The rows of the caller's kinds. They are stored ahead of the claims that name them, each in a transaction of its own: a
 * kind without claims means nothing, and what was stored once never changes.
 */
export class Kinds {
  readonly #insert: string;
  readonly #select: string;
  readonly #byCallersNumber: KnownKind[] = [];

  /** The schema's name must have been checked. */
  constructor(schema: string) {
    this.#insert = `INSERT INTO "${schema}".kind (method, intent, currency, route) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`;
    this.#select = `SELECT id FROM "${schema}".kind WHERE method = $1 AND intent = $2 AND currency = $3 AND route = $4`;
  }

  /** Learns the caller's numbers for kinds: number, method, intent, currency, route, and so on. */
  learn(kinds: readonly Field[]): void {
    const fields = new Fields(kinds);
    for (let left = kinds.length; left > 0; left -= 5) {
      const number = fields.number();
      const [method, intent] = [fields.text(), fields.text()];
      this.#byCallersNumber[number] = {
        id: 0,
        method,
        intent,
        currency: fields.text(),
        route: fields.text(),
      };
    }
  }

  /** The kind behind the caller's number. */
  named(number: number): Kind {
    return this.#named(number);
  }

  /** The stored id of the kind behind the caller's number; {@link store} has found it. */
  idOf(number: number): number {
    const { id } = this.#named(number);
    if (id === 0) throw new RangeError('a claim names a kind that was never stored');
    return id;
  }

  /** Makes sure that these kinds are stored. Asks the database only about those it has not met yet. */
  async store(session: Session, numbers: Iterable<number>): Promise<void> {
    for (const number of numbers) {
      const kind = this.#named(number);
      if (kind.id !== 0) continue;
      const names = [kind.method, kind.intent, kind.currency, kind.route];
      const [, found] = await Promise.all([
        session.run(this.#insert, names),
        session.run(this.#select, names),
      ]);
      kind.id = whole(found.rows[0]?.[0], 'kind');
    }
  }

  #named(number: number): KnownKind {
    const kind = this.#byCallersNumber[number];
    if (kind === undefined) throw new RangeError('a batch names a kind that was never introduced');
    return kind;
  }
}
