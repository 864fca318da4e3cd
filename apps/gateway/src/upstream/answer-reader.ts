import { type AnswerHead, answerHeadBytesMax, isFieldLine, parseAnswerHead } from './answer-head.js';

/** Longest line with the size of a chunk, in bytes, extensions and all. */
export const chunkLineBytesMax = 1_024;
/** Largest trailer section, in bytes. It is dropped. */
export const trailerBytesMax = 8 * 1024;
/** Most interim (1xx) answers before one answer. */
export const interimAnswersMax = 32;

/** Who hears what is read. Both return false to pause. */
export interface AnswerListener {
  head(head: AnswerHead): boolean;
  data(chunk: Buffer): boolean;
}

/**
 * How far reading has come.
 *
 * more       everything was taken, and the answer goes on
 * paused     the listener wants no more for now; what is left is kept
 * done       the answer is complete, and nothing is left
 * surplus    the answer is complete, and there is more: bytes that belong to no answer
 * malformed  this is not an answer, see `fault`
 */
export type Reading = 'more' | 'paused' | 'done' | 'surplus' | 'malformed';

/** What the next bytes are. */
type Part =
  | 'nothing'
  | 'head'
  | 'body'
  | 'rest'
  | 'chunk-line'
  | 'chunk'
  | 'chunk-cr'
  | 'chunk-lf'
  | 'trailer';

/** RFC 9112 §7.1. The sizes that 13 digits can write are below 2^53. */
const CHUNK_LINE =
  /^[0-9a-f]{1,13}(?:;[!#$%&'*+\-.^_`|~0-9a-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9a-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*\r\n$/i;

/** What says where a message ends has no business behind it (RFC 9110 §6.5.1). */
const FRAMING = /^(?:content-length|transfer-encoding):/i;

const NOTHING: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_START = 'HTTP/1.';
const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads one answer after another from bytes that may be cut anywhere, one at a time. It keeps no time and knows no
 * socket. Whatever is not exactly HTTP/1.1 is malformed, and then nothing more is read.
 */
export class AnswerReader {
  readonly #listener: AnswerListener;
  readonly #take: (from: number, to: number) => Buffer;
  #part: Part = 'nothing';
  /** The request was HEAD: whatever the fields say, no body follows (RFC 9112 §6.3). */
  #toHead = false;
  /** Bytes still to come of the body or the chunk. */
  #left = 0;
  #interims = 0;
  #trailerBytes = 0;
  /** Unread bytes of earlier calls; ours. */
  #kept = NOTHING;
  /** What is being read, from where, to where, and whether the bytes are ours to keep. */
  #bytes = NOTHING;
  #at = 0;
  #end = 0;
  #ours = true;
  /** What is wrong, once something is malformed. */
  fault = '';
  /** After the header section: another answer may follow this one. */
  reusable = false;

  /** @param take makes a chunk of a part of the bytes that were given to `read`, which are the caller's. */
  constructor(listener: AnswerListener, take: (from: number, to: number) => Buffer) {
    this.#listener = listener;
    this.#take = take;
  }

  /** Begins to wait for the answer to a request. */
  expect(method: string): void {
    this.#part = 'head';
    this.#toHead = method === 'HEAD';
    this.#interims = 0;
    this.#trailerBytes = 0;
    this.#kept = NOTHING;
    this.reusable = false;
  }

  /** True when the body goes on until the connection ends, and its end is no fault. */
  get endsWithConnection(): boolean {
    return this.#part === 'rest' && this.#kept.length === 0;
  }

  /** Keeps bytes for later, while paused. They stay the caller's. */
  keep(bytes: Buffer, length: number): void {
    this.#kept = Buffer.concat([this.#kept, bytes.subarray(0, length)]);
  }

  /** Reads the first `length` bytes, after what was kept. They stay the caller's. */
  read(bytes: Buffer, length: number): Reading {
    if (this.#kept.length === 0) {
      this.#bytes = bytes;
      this.#end = length;
      this.#ours = false;
    } else {
      if (length > 0) this.keep(bytes, length);
      this.#bytes = this.#kept;
      this.#end = this.#kept.length;
      this.#ours = true;
      this.#kept = NOTHING;
    }
    this.#at = 0;
    const reading = this.#run();
    if (reading === 'more' || reading === 'paused') this.#keepRest();
    this.#bytes = NOTHING;
    return reading;
  }

  #keepRest(): void {
    if (this.#at === this.#end) return;
    const rest = this.#bytes.subarray(this.#at, this.#end);
    this.#kept = this.#ours ? rest : Buffer.from(rest);
  }

  #run(): Reading {
    for (;;) {
      const reading = this.#step();
      if (reading !== undefined) return reading;
    }
  }

  /** Reads one part, or as much of it as there is. Returns undefined when it goes on with the next. */
  #step(): Reading | undefined {
    switch (this.#part) {
      case 'head':
        return this.#head();
      case 'body':
        return this.#data('nothing');
      case 'chunk':
        return this.#data('chunk-cr');
      case 'rest':
        this.#left = this.#end - this.#at;
        return this.#left === 0 ? 'more' : this.#data('rest');
      case 'chunk-line':
        return this.#chunkLine();
      case 'chunk-cr':
        return this.#literal(CR, 'chunk-lf');
      case 'chunk-lf':
        return this.#literal(LF, 'chunk-line');
      case 'trailer':
        return this.#trailer();
      case 'nothing':
        return this.#at === this.#end ? 'done' : 'surplus';
    }
  }

  #malformed(fault: string): Reading {
    this.#part = 'nothing';
    this.fault = fault;
    return 'malformed';
  }

  #head(): Reading | undefined {
    const bytes = this.#bytes;
    const headEnd = bytes.indexOf(HEAD_END, this.#at);
    // What is found behind the end is of an earlier read.
    if (headEnd === -1 || headEnd > this.#end - HEAD_END.length) return this.#unfinishedHead();
    const next = headEnd + HEAD_END.length;
    if (next - this.#at > answerHeadBytesMax) return this.#malformed('its header section is too large');
    const head = parseAnswerHead(bytes.toString('latin1', this.#at, headEnd + 2));
    if (head === undefined) return this.#malformed('its header section is malformed');
    this.#at = next;
    if (head.status < 200) return this.#interim(head);
    if (head.status === 204 && head.length > 0)
      return this.#malformed('it announces a body, and can have none');
    this.#part = this.#partAfter(head);
    this.#left = head.length;
    // Some servers send a body after HEAD all the same; that connection is not used again.
    this.reusable = head.persistent && this.#part !== 'rest' && !this.#toHead;
    return this.#listener.head(head) ? undefined : 'paused';
  }

  /** What can be told to be wrong before the end is there is told now, and not by a timeout. */
  #unfinishedHead(): Reading {
    const text = this.#bytes.toString('latin1', this.#at, this.#end);
    if (text.length > answerHeadBytesMax) return this.#malformed('its header section is too large');
    const begun = text.slice(0, HEAD_START.length);
    if (!HEAD_START.startsWith(begun)) return this.#malformed('it does not begin as HTTP/1.1 does');
    if (/(?:^|[^\r])\n/.test(text)) return this.#malformed('a line ends without CR');
    return 'more';
  }

  /** An interim answer has no body, and another one follows it (RFC 9110 §15.2). Nobody has asked for 101. */
  #interim(head: AnswerHead): Reading | undefined {
    if (head.status === 101) return this.#malformed('it changes the protocol, which nobody asked for');
    if (head.framing === 'chunked' || head.length > 0)
      return this.#malformed('an interim answer announces a body');
    if (!head.persistent) return this.#malformed('an interim answer ends the connection');
    this.#interims += 1;
    return this.#interims > interimAnswersMax
      ? this.#malformed('it has too many interim answers')
      : undefined;
  }

  #partAfter(head: AnswerHead): Part {
    if (this.#toHead || head.status === 204 || head.status === 304) return 'nothing';
    if (head.framing === 'chunked') return 'chunk-line';
    if (head.framing === 'close') return 'rest';
    return head.length === 0 ? 'nothing' : 'body';
  }

  #data(next: Part): Reading | undefined {
    const from = this.#at;
    const to = Math.min(this.#end, from + this.#left);
    if (from === to) return 'more';
    this.#at = to;
    this.#left -= to - from;
    if (this.#left === 0) this.#part = next;
    const chunk = this.#ours ? this.#bytes.subarray(from, to) : this.#take(from, to);
    return this.#listener.data(chunk) ? undefined : 'paused';
  }

  /** The next line with its end; undefined when it is not there yet. */
  #line(): string | undefined {
    const at = this.#bytes.indexOf(LF, this.#at);
    if (at === -1 || at >= this.#end) return undefined;
    const line = this.#bytes.toString('latin1', this.#at, at + 1);
    this.#at = at + 1;
    return line;
  }

  #chunkLine(): Reading | undefined {
    const line = this.#line();
    const length = line?.length ?? this.#end - this.#at;
    if (length > chunkLineBytesMax) return this.#malformed('a chunk size is too long');
    if (line === undefined) return 'more';
    if (!CHUNK_LINE.test(line)) return this.#malformed('a chunk size is malformed');
    // Reads the digits and stops at what follows them.
    this.#left = Number.parseInt(line, 16);
    this.#part = this.#left === 0 ? 'trailer' : 'chunk';
    return undefined;
  }

  #literal(byte: number, next: Part): Reading | undefined {
    if (this.#at === this.#end) return 'more';
    if (this.#bytes[this.#at] !== byte) return this.#malformed('a chunk is longer than its size');
    this.#at += 1;
    this.#part = next;
    return undefined;
  }

  #trailer(): Reading | undefined {
    const line = this.#line();
    this.#trailerBytes += line?.length ?? 0;
    const bytes = this.#trailerBytes + (line === undefined ? this.#end - this.#at : 0);
    if (bytes > trailerBytesMax) return this.#malformed('its trailer section is too large');
    if (line === undefined) return 'more';
    if (line === '\r\n') this.#part = 'nothing';
    else if (!isFieldLine(line) || FRAMING.test(line))
      return this.#malformed('its trailer section is malformed');
    return undefined;
  }
}
