/** What is kept of one response. */
export interface ResponseSeen {
  readonly status: number;
  /** Its header section as text, status line first, without the empty line. */
  readonly head: string;
  readonly receipt: boolean;
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const chunkedCoding = /\r\ntransfer-encoding: *chunked/i;
const receiptField = /\r\npayment-receipt:/i;

/** Bytes of the longest header section that is read. */
const headBytesMax = 65_536;

/**
 * Finds the ends of the responses on one keep-alive connection, by Content-Length or by chunks; bodies are skipped.
 * As cheap as it can be: it runs on the core that the upstream needs too. Only for answers to GET.
 */
export class ResponseReader {
  readonly #seen: (response: ResponseSeen) => void;
  /** Bytes of an incomplete header section or chunk line. */
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the body, or of the chunk, still to come. */
  #left = 0;
  #state: 'head' | 'body' | 'chunk-line' | 'chunk' | 'trailer' = 'head';
  #response: ResponseSeen | undefined;

  constructor(seen: (response: ResponseSeen) => void) {
    this.#seen = seen;
  }

  /** Takes the next bytes; they are not kept. Throws when they are no HTTP/1.1. */
  push(bytes: Buffer): void {
    let data = bytes;
    if (this.#rest.length > 0) {
      data = Buffer.concat([this.#rest, bytes]);
      this.#rest = Buffer.alloc(0);
    }
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next === undefined) {
        this.#rest = Buffer.from(data.subarray(at));
        if (this.#rest.length > headBytesMax)
          throw new Error('The server sent a header section without end.');
        return;
      }
      at = next;
    }
  }

  /** One step from `at`; undefined when more bytes are needed. */
  #step(data: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#head(data, at);
      case 'body':
      case 'chunk':
        return this.#skip(data, at);
      case 'chunk-line':
      case 'trailer':
        return this.#line(data, at);
    }
  }

  #head(data: Buffer, at: number): number | undefined {
    const end = data.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) return undefined;
    const head = data.toString('latin1', at, end);
    const status = Number(head.slice(9, 12));
    if (!head.startsWith('HTTP/1.1 ') || !(status >= 200))
      throw new Error('The server sent no HTTP/1.1 answer.');
    this.#response = { status, head, receipt: receiptField.test(head) };
    const length = contentLength.exec(head);
    if (length !== null) {
      this.#left = Number(length[1]);
      this.#state = 'body';
      if (this.#left === 0) this.#done();
    } else if (chunkedCoding.test(head)) {
      this.#state = 'chunk-line';
    } else {
      throw new Error('The server sent an answer with neither Content-Length nor chunks.');
    }
    return end + 4;
  }

  #skip(data: Buffer, at: number): number {
    const taken = Math.min(this.#left, data.length - at);
    this.#left -= taken;
    if (this.#left === 0) {
      if (this.#state === 'body') this.#done();
      else this.#state = 'chunk-line';
    }
    return at + taken;
  }

  #line(data: Buffer, at: number): number | undefined {
    const end = data.indexOf('\r\n', at, 'latin1');
    if (end === -1) return undefined;
    if (this.#state === 'trailer') {
      if (end === at) this.#done();
      return end + 2;
    }
    const size = Number.parseInt(data.toString('latin1', at, end), 16);
    if (Number.isNaN(size)) throw new Error('The server sent a chunk without a size.');
    this.#left = size + 2; // its own line end
    this.#state = size === 0 ? 'trailer' : 'chunk';
    return end + 2;
  }

  #done(): void {
    this.#state = 'head';
    const response = this.#response;
    this.#response = undefined;
    if (response !== undefined) this.#seen(response);
  }
}
