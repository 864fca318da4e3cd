/** Smallest and largest piece of memory that small chunks are copied into, in bytes. */
const pieceBytesMin = 4_096;
const pieceBytesMax = 65_536;

/** Room for nothing. One for all: most bodies come in one chunk, and making this would be the dearest thing done with them. */
const noRoom = Buffer.alloc(0);

/**
 * Gathers bytes that come in chunks of any size, in about as much memory as there are bytes: a chunk of one byte that is
 * kept as it came costs a hundred times that, and whoever sends chooses the chunks. Small ones are copied together.
 */
export class ByteGatherer {
  readonly #bytesMax: number;
  #pieces: Buffer[] = [];
  /** A chunk that has stayed alone: most bodies come in one, and are not copied. */
  #alone: Buffer | undefined;
  /** The piece that is being filled, and how far it is. */
  #open = noRoom;
  #filled = 0;
  #length = 0;
  #held = 0;

  /** @param bytesMax how many bytes are expected at most; more may be added, and cost more memory */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes gathered. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that they take. */
  get held(): number {
    return this.#held;
  }

  /** Adds a chunk, and returns how many more bytes of memory are held. What was added must not be written to. */
  add(chunk: Uint8Array): number {
    if (chunk.length === 0) return 0;
    const before = this.#held;
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#length === 0) {
      this.#alone = bytes;
      this.#held = bytes.length;
    } else {
      if (this.#alone !== undefined) {
        const first = this.#alone;
        this.#alone = undefined;
        this.#held = 0;
        this.#put(first, this.#bytesMax);
      }
      this.#put(bytes, this.#bytesMax - this.#length);
    }
    this.#length += chunk.length;
    return this.#held - before;
  }

  /** What is gathered, in order, in a few pieces. */
  get chunks(): readonly Buffer[] {
    if (this.#alone !== undefined) return [this.#alone];
    return this.#filled === 0 ? this.#pieces : [...this.#pieces, this.#open.subarray(0, this.#filled)];
  }

  /** What is gathered, in one piece of just that length. */
  whole(): Buffer {
    return this.#alone ?? Buffer.concat(this.chunks, this.#length);
  }

  /** Lets go of all of it. */
  clear(): void {
    this.#alone = undefined;
    if (this.#pieces.length > 0) this.#pieces = [];
    this.#open = noRoom;
    this.#filled = this.#length = this.#held = 0;
  }

  /** @param expected how many bytes may still come, these included */
  #put(bytes: Buffer, expected: number): void {
    const fits = Math.min(bytes.length, this.#open.length - this.#filled);
    this.#filled += bytes.copy(this.#open, this.#filled, 0, fits);
    if (fits === bytes.length) return;
    if (this.#filled > 0) this.#pieces.push(this.#open);
    this.#open = noRoom;
    this.#filled = 0;
    const rest = bytes.subarray(fits);
    // A large one stays as it is, unless it is a small part of what was read at once, all of which would be held with it.
    if (rest.length >= pieceBytesMin && rest.length * 2 >= rest.buffer.byteLength) {
      this.#pieces.push(rest);
      this.#held += rest.length;
      return;
    }
    const grown = Math.min(Math.max(this.#length, pieceBytesMin), pieceBytesMax);
    this.#open = Buffer.allocUnsafeSlow(Math.max(rest.length, Math.min(grown, expected - fits)));
    this.#filled = rest.copy(this.#open);
    this.#held += this.#open.length;
  }
}
