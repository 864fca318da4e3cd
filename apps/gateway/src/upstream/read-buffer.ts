/** First size of a connection's read buffer, in bytes: most answers are smaller. */
export const readBufferBytes = 16 * 1024;
/** Its size once a read has filled it. */
export const readBufferBytesMax = 64 * 1024;

/**
 * The buffer that a socket reads into, again and again. A small part of it is copied out; a large part is given away
 * as it is, and the next read gets a new buffer.
 */
export class ReadBuffer {
  #bytes = Buffer.allocUnsafeSlow(readBufferBytes);
  #given = false;

  /** What was read into last. Good until {@link next}. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** A part of what was read, to keep. */
  take(from: number, to: number): Buffer {
    if (this.#given || to - from > this.#bytes.length / 2) {
      this.#given = true;
      return this.#bytes.subarray(from, to);
    }
    const chunk = Buffer.allocUnsafe(to - from);
    this.#bytes.copy(chunk, 0, from, to);
    return chunk;
  }

  /** Told how much the last read brought; returns what the next one may fill. */
  next(length: number): Buffer {
    if (length === this.#bytes.length && length < readBufferBytesMax) {
      this.#bytes = Buffer.allocUnsafeSlow(readBufferBytesMax);
    } else if (this.#given) {
      this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length);
    }
    this.#given = false;
    return this.#bytes;
  }
}
