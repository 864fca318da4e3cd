import type Database from 'libsql';
import { Fields } from '../front/fields.js';
import type { Kind } from '../front/kind.js';
import type { Field } from '../front/messages.js';
import { DamagedRow, whole } from '../front/rows.js';

/** A kind with its row. */
export interface StoredKind extends Kind {
  /** The row; 0 while it has none. */
  readonly id: number;
}

interface KnownKind extends Kind {
  id: number;
}

/** The table of kinds, whole in memory: there are about as many as routes. Lives in the ledger's thread. */
export class Kinds {
  readonly #insert: Database.Statement;
  readonly #byId = new Map<number, KnownKind>();
  readonly #byName = new Map<string, KnownKind>();
  // The caller's own numbers for kinds, so that it names each only once.
  readonly #byCallersNumber: KnownKind[] = [];
  #fresh: KnownKind[] = [];

  constructor(db: Database.Database) {
    this.#insert = db.prepare('INSERT INTO kind (method, intent, currency, route) VALUES (?, ?, ?, ?)');
    for (const raw of db.prepare('SELECT id, method, intent, currency, route FROM kind').raw().all()) {
      const [id, method, intent, currency, route]: readonly unknown[] = Array.isArray(raw) ? raw : [];
      const kind = {
        id: whole(id, 'kind'),
        method: text(method),
        intent: text(intent),
        currency: text(currency),
        route: text(route),
      };
      this.#byId.set(kind.id, kind);
      this.#byName.set(nameOf(kind), kind);
    }
  }

  /** The kind of a stored row. */
  get(id: number): StoredKind | undefined {
    return this.#byId.get(id);
  }

  /** Learns the caller's numbers for kinds: number, method, intent, currency, route, and so on. Writes nothing yet. */
  learn(kinds: readonly Field[]): void {
    const fields = new Fields(kinds);
    for (let left = kinds.length; left > 0; left -= 5) {
      const number = fields.number();
      const [method, intent] = [fields.text(), fields.text()];
      const kind = { method, intent, currency: fields.text(), route: fields.text() };
      const name = nameOf(kind);
      const known = this.#byName.get(name) ?? { ...kind, id: 0 };
      this.#byName.set(name, known);
      this.#byCallersNumber[number] = known;
    }
  }

  /** The kind behind the caller's number. */
  named(number: number): StoredKind {
    return this.#named(number);
  }

  /** The stored id of the kind behind the caller's number, stored now if it has none. Within a transaction. */
  idOf(number: number): number {
    const kind = this.#named(number);
    if (kind.id === 0) {
      const { lastInsertRowid } = this.#insert.run([kind.method, kind.intent, kind.currency, kind.route]);
      kind.id = Number(lastInsertRowid);
      this.#byId.set(kind.id, kind);
      this.#fresh.push(kind);
    }
    return kind.id;
  }

  /** The transaction is durable. */
  committed(): void {
    if (this.#fresh.length > 0) this.#fresh = [];
  }

  /** The transaction was rolled back: what it stored is not there. */
  rolledBack(): void {
    for (const kind of this.#fresh) {
      this.#byId.delete(kind.id);
      kind.id = 0;
    }
    this.#fresh = [];
  }

  #named(number: number): KnownKind {
    const kind = this.#byCallersNumber[number];
    if (kind === undefined) throw new RangeError('a batch names a kind that was never introduced');
    return kind;
  }
}

function nameOf(kind: Kind): string {
  return JSON.stringify([kind.route, kind.method, kind.intent, kind.currency]);
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new DamagedRow('A kind of claims is damaged.');
  return value;
}
