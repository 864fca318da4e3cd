const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines. The caller bounds what may be pending. */
export class LineSplitter {
  #pending: Buffer[] = [];
  /** Bytes of a line that has not ended yet. */
  pendingBytes = 0;

  /** The lines that end in this part, without their ends and without empty ones. */
  push(part: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = part.indexOf(lineFeed); end !== -1; end = part.indexOf(lineFeed, start)) {
      this.#keep(part.subarray(start, end));
      lines.push(...this.rest());
      start = end + 1;
    }
    this.#keep(part.subarray(start));
    return lines;
  }

  /** What is left when the stream ends: one line, or none. */
  rest(): string[] {
    const line = Buffer.concat(this.#pending).toString('utf8').trim();
    this.#pending = [];
    this.pendingBytes = 0;
    return line === '' ? [] : [line];
  }

  #keep(part: Buffer): void {
    this.#pending.push(part);
    this.pendingBytes += part.length;
  }
}
