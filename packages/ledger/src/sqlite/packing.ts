import { challengeIdOf, isHash } from '../front/keys.js';
import { type Field, fieldCountOf, Op } from '../front/messages.js';
import { type Advance, advanceBy, type Enter, type Operation, operationsOf } from '../front/operations.js';

/**
 * How a batch crosses to the ledger's thread. What every paid request asks is packed into memory that both threads see,
 * since cloning its texts costs more than writing its row; one batch crosses at a time, so nobody else writes there
 * meanwhile. Anything else goes along in `rest`, a flat array as in `front/messages.ts`. Packed, little-endian:
 *
 * ```
 * plain enter   op u8, kind u32, paid f64, expiresMs f64, nowMs f64, challenge 32, reference 32, length u16, resource
 * answered      op u8, seq f64, nowMs f64
 * of the rest   0 u8: the next operation of `rest`
 * ```
 *
 * A plain enter is claim, reclaim, deliver or release with a hash for a reference, an amount that is exact as a number,
 * and neither an `Idempotency-Key`, nor a rate, nor an answer to be kept.
 */
export interface Packed {
  /** Bytes that were written. */
  readonly length: number;
  readonly rest: readonly Field[];
  /** Where from now on it is written; undefined where that has not changed. */
  readonly memory: SharedArrayBuffer | undefined;
}

/** An operation as the ledger's thread has it. */
export type PackedOperation = PlainEnter | Operation;

/** Room for most batches; a longer one makes it grow, to as much as a batch can have. */
const firstBytes = 65_536;
const ofTheRest = 0;
const challengeBytes = 32;
const referenceBytes = 32;
/** A plain enter without its resource. */
const enterBytes = 1 + 4 + 3 * 8 + challengeBytes + referenceBytes + 2;
const answeredBytes = 1 + 2 * 8;
/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const characterBytesMax = 3;

/** The caller's side: packs batches. */
export class Packer {
  #memory: SharedArrayBuffer | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  /** Packs a batch (`front/messages.ts`) over the one before, which must have been applied. */
  pack(fields: readonly Field[]): Packed {
    const before = this.#memory;
    const rest: Field[] = [];
    this.#at = 0;
    this.#provide(firstBytes);
    for (let at = 0, keeps = false; at < fields.length; ) {
      const op = fields[at];
      const count = fieldCountOf(op) ?? missing();
      if (keeps || !this.#packOne(op, fields, at)) {
        // An answer to be kept goes before its operation, and is none itself.
        if (op !== Op.keep) this.#packByte(ofTheRest);
        for (let field = at; field < at + count; field++) rest.push(fields[field] ?? missing());
      }
      keeps = op === Op.keep;
      at += count;
    }
    return { length: this.#at, rest, memory: this.#memory === before ? undefined : this.#memory };
  }

  /** False for what is not packed. */
  #packOne(op: Field | undefined, fields: readonly Field[], at: number): boolean {
    switch (op) {
      case Op.claim:
      case Op.reclaim:
      case Op.deliver:
      case Op.release:
        return this.#packEnter(op, fields, at);
      case Op.answered:
        this.#provide(answeredBytes);
        this.#packByte(op);
        this.#packNumber(fields[at + 1]);
        this.#packNumber(fields[at + 2]);
        return true;
      default:
        return false;
    }
  }

  #packEnter(op: number, fields: readonly Field[], at: number): boolean {
    const [kind, challengeId, reference] = [fields[at + 1], fields[at + 2], fields[at + 3]];
    const [paid, resource] = [fields[at + 4], fields[at + 5]];
    if (typeof kind !== 'number' || typeof challengeId !== 'string' || typeof resource !== 'string')
      missing();
    const isPlain = fields[at + 8] === '' && fields[at + 9] === '';
    if (!isPlain || typeof paid !== 'number' || typeof reference !== 'string' || !isHash(reference))
      return false;
    this.#provide(enterBytes + resource.length * characterBytesMax);
    this.#packByte(op);
    this.#view.setUint32(this.#at, kind, true);
    this.#at += 4;
    this.#packNumber(paid);
    this.#packNumber(fields[at + 6]);
    this.#packNumber(fields[at + 7]);
    this.#packKey(challengeId, challengeBytes, 'base64url');
    this.#packKey(reference, referenceBytes, 'hex');
    const written = this.#bytes.write(resource, this.#at + 2, 'utf8');
    this.#view.setUint16(this.#at, written, true);
    this.#at += 2 + written;
    return true;
  }

  // What is too short would leave a part of the batch before: another payment's key.
  #packKey(key: string, bytes: number, encoding: 'base64url' | 'hex'): void {
    if (this.#bytes.write(key, this.#at, bytes, encoding) !== bytes) missing();
    this.#at += bytes;
  }

  #packByte(value: number): void {
    this.#provide(1);
    this.#view.setUint8(this.#at++, value);
  }

  #packNumber(value: Field | undefined): void {
    this.#view.setFloat64(this.#at, typeof value === 'number' ? value : missing(), true);
    this.#at += 8;
  }

  /** Makes room for so many bytes more. */
  #provide(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const memory = new SharedArrayBuffer(Math.max(needed, this.#bytes.length * 2));
    const larger = Buffer.from(memory);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#memory = memory;
    this.#bytes = larger;
    this.#view = new DataView(memory);
  }
}

/** The ledger's thread: reads what was packed. */
export class Unpacker {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * The operations of a batch, in its order. They are good until the next batch is packed.
   *
   * @throws {TypeError} @throws {RangeError} for what {@link Packer} never makes
   */
  unpack({ length, rest, memory }: Packed): readonly PackedOperation[] {
    if (memory !== undefined) {
      this.#bytes = Buffer.from(memory);
      this.#view = new DataView(memory);
    }
    const others = operationsOf(rest);
    let other = 0;
    const operations: PackedOperation[] = [];
    for (let at = 0; at < length; ) {
      const op = this.#view.getUint8(at);
      if (op === ofTheRest) {
        operations.push(others[other++] ?? missing());
        at++;
      } else if (op === Op.answered) {
        operations.push(this.#answered(at));
        at += answeredBytes;
      } else {
        const lengthAt = at + enterBytes - 2;
        const end = lengthAt + 2 + this.#view.getUint16(lengthAt, true);
        operations.push(this.#enter(op, at + 1, end));
        at = end;
      }
    }
    return operations;
  }

  #answered(at: number): Advance {
    return advanceBy('answered', this.#view.getFloat64(at + 1, true), this.#view.getFloat64(at + 9, true));
  }

  #enter(op: number, at: number, end: number): PlainEnter {
    const keysAt = at + 28;
    return new PlainEnter(
      verbOf(op),
      this.#view.getUint32(at, true),
      BigInt(this.#view.getFloat64(at + 4, true)),
      this.#view.getFloat64(at + 12, true),
      this.#view.getFloat64(at + 20, true),
      this.#bytes.subarray(keysAt, keysAt + challengeBytes),
      this.#bytes.subarray(keysAt + challengeBytes, keysAt + challengeBytes + referenceBytes),
      this.#bytes.toString('utf8', keysAt + challengeBytes + referenceBytes + 2, end),
    );
  }
}

/** An {@link Enter} whose keys are still bytes: hardly anybody asks for their texts. */
export class PlainEnter implements Enter {
  readonly key = undefined;
  readonly rate = '';
  readonly answer = undefined;

  constructor(
    readonly verb: Enter['verb'],
    readonly kind: number,
    readonly paid: bigint,
    readonly expiresMs: number,
    readonly nowMs: number,
    readonly challenge: Buffer,
    readonly payment: Buffer,
    readonly resource: string,
  ) {}

  get challengeId(): string {
    return challengeIdOf(this.challenge);
  }

  get reference(): string {
    return this.payment.toString('hex');
  }
}

function verbOf(op: number): Enter['verb'] {
  switch (op) {
    case Op.claim:
      return 'claim';
    case Op.reclaim:
      return 'reclaim';
    case Op.deliver:
      return 'deliver';
    case Op.release:
      return 'release';
    default:
      return missing();
  }
}

function missing(): never {
  throw new TypeError('a batch for the ledger was packed wrongly');
}
