import { type Field, Op, type OpCode } from './messages.js';

const opCodes = new Map<number, OpCode>(Object.values(Op).map((code) => [code, code]));

/** Walks a batch's flat array (`messages.ts`). A wrong type is a bug between front and store: it throws. */
export class Fields {
  readonly #fields: readonly Field[];
  #at = 0;

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  /** The next operation; undefined at the end. */
  op(): OpCode | undefined {
    return this.#at === this.#fields.length
      ? undefined
      : (opCodes.get(this.number()) ?? wrong('an operation'));
  }

  /** The next field, a number. */
  number(): number {
    const field = this.#fields[this.#at++];
    return typeof field === 'number' ? field : wrong('a number');
  }

  /** The next field, a text. */
  text(): string {
    const field = this.#fields[this.#at++];
    return typeof field === 'string' ? field : wrong('a text');
  }

  /** The next field, an amount. */
  amount(): bigint {
    const field = this.#fields[this.#at++];
    if (typeof field === 'bigint') return field;
    return Number.isSafeInteger(field) ? BigInt(Number(field)) : wrong('an amount');
  }

  /** The next field, bytes. */
  bytes(): Uint8Array {
    const field = this.#fields[this.#at++];
    return field instanceof Uint8Array ? field : wrong('bytes');
  }
}

function wrong(expected: string): never {
  throw new TypeError(`a batch for the ledger has no ${expected} where one belongs`);
}
