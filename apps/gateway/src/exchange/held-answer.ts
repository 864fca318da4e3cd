import { type BodyRoom, ByteGatherer, type Delivery, isStream } from '@farebox/gate';
import { storedAnswerBytesMax } from '@farebox/ledger';

/** Largest answer, in bytes, that is held until it is complete. Larger ones, and chunked ones, stream. */
export const heldAnswerBytesMax = 256 * 1024;

/** An answer of an upstream that is held until it is whole. */
export class HeldAnswer {
  readonly #gathered: ByteGatherer;
  readonly #bytesMax: number;
  readonly #room: BodyRoom | undefined;
  #taken = 0;

  /** @param room where answers take theirs that may be held for long; undefined for short ones */
  constructor(bytesMax: number, room: BodyRoom | undefined) {
    this.#gathered = new ByteGatherer(bytesMax);
    this.#bytesMax = bytesMax;
    this.#room = room;
  }

  /** What is held. */
  get chunks(): readonly Buffer[] {
    return this.#gathered.chunks;
  }

  /** Holds one more chunk. False: it is held, and is the last for which there is room. */
  add(chunk: Buffer): boolean {
    const more = this.#gathered.add(chunk);
    if (this.#gathered.length > this.#bytesMax) return false;
    if (this.#room === undefined) return true;
    if (!this.#room.take(more)) return false;
    this.#taken += more;
    return true;
  }

  /** Hands over what is held, in one piece; undefined when that is nothing. */
  take(): Buffer | undefined {
    const whole = this.#gathered.length === 0 ? undefined : this.#gathered.whole();
    this.drop();
    return whole;
  }

  /** Lets go of it. */
  drop(): void {
    this.#room?.give(this.#taken);
    this.#taken = 0;
    this.#gathered.clear();
  }
}

/**
 * Holds an answer until it is whole, or says that it must stream. A short one is held so that a broken answer is never
 * committed; one that is to be kept, so that it can be. What takes its time to come (an event stream) is never held.
 *
 * @param length of the body in bytes; undefined when it is not known
 * @param fields flat list of the answer's fields
 */
export function holdAnswer(
  delivery: Delivery,
  length: number | undefined,
  fields: readonly string[],
  room: BodyRoom,
): HeldAnswer | undefined {
  if (length !== undefined && length <= heldAnswerBytesMax)
    return new HeldAnswer(heldAnswerBytesMax, undefined);
  if (!delivery.keepsAnswer || (length ?? 0) > storedAnswerBytesMax) return undefined;
  return isStream(contentTypeOf(fields)) ? undefined : new HeldAnswer(storedAnswerBytesMax, room);
}

function contentTypeOf(fields: readonly string[]): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'content-type') return fields[i + 1];
  }
  return undefined;
}
