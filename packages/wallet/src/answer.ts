import { WalletError } from './errors.js';
import { problemBytesMax, problemTimeoutMs } from './limits.js';
import { type Header, headerValue } from './request.js';

/**
 * How the reading of a body ended: to the last byte, broken by the other side, given up by the reader, or to the last byte
 * by a reader who could not keep it.
 */
export type BodyEnd = 'complete' | 'cut' | 'stopped' | 'unkept';

/** A seller's answer. The body is streamed and can be read once. */
export interface Answer {
  readonly status: number;
  /** The reason phrase, where there is one. Data from outside. */
  readonly statusText?: string;
  readonly headers: readonly Header[];
  /**
   * Read it to the end: only then is a paid answer written down as delivered. Leaving the loop early leaves the
   * payment resumable. Throws {@link WalletError} when the answer breaks off.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * Names what is to be done between the last byte and the delivery being written down: put the bytes where no crash takes
   * them. It is waited for. When it throws, the reader gets that error and the payment stays resumable.
   */
  readonly beforeEnd?: (keep: () => Promise<void>) => void;
}

/** What `createAnswer` needs beside the response. */
export interface AnswerOptions {
  readonly idleMs: number;
  /** After this long without anybody reading on, the answer is given up; absent: never. */
  readonly unreadMs?: number | undefined;
  /** Ends the connection. */
  readonly abort: (reason: Error) => void;
  /** Told once, after the last byte was taken, the reading has failed or nobody reads on. Throws only what a reader may hear. */
  readonly onEnd?: (end: BodyEnd) => void;
  /** Told of every chunk that has arrived. */
  readonly onChunk?: (() => void) | undefined;
  /** The error that the reader gets when the body breaks off, or comes back to one that was given up. */
  readonly onCut: (cause: unknown) => WalletError;
}

/** Wraps a response so that its end is noticed, silence is bounded and a truncated body is never taken for whole. */
export function createAnswer(response: Response, options: AnswerOptions): Answer {
  const reader = new BodyReader(response, options);
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    body: { [Symbol.asyncIterator]: () => reader },
    beforeEnd: (keep) => reader.beforeEnd(keep),
  };
}

const done = { done: true, value: undefined } as const;

/**
 * Reads a body once. Not a generator: one that has not begun skips its `finally` when it is given up, and one that
 * waits for a chunk cannot be given up at all.
 */
class BodyReader implements AsyncIterator<Uint8Array> {
  readonly #response: Response;
  readonly #options: AnswerOptions;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #ended = false;
  #keep: (() => Promise<void>) | undefined;
  #finishing: Promise<void> | undefined;
  /** Why it was given up without its reader's knowledge. */
  #unread: Error | undefined;
  #unreadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(response: Response, options: AnswerOptions) {
    this.#response = response;
    this.#options = options;
    this.#awaitReader();
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    clearTimeout(this.#unreadTimer);
    // What was read so far is not the whole.
    if (this.#unread) throw this.#options.onCut(this.#unread);
    if (this.#ended) return done;
    this.#reader ??= this.#response.body?.getReader();
    const chunk = this.#reader === undefined ? 'end' : await nextChunk(this.#reader, this.#options);
    // Given up while it was waited for.
    if (this.#ended) return done;
    if (chunk === 'end') {
      this.#finishing ??= this.#finish();
      await this.#finishing;
      return done;
    }
    if (chunk instanceof Uint8Array) {
      this.#awaitReader();
      this.#options.onChunk?.();
      return { done: false, value: chunk };
    }
    this.#end('cut');
    throw this.#options.onCut(chunk.cause);
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) this.#end('stopped');
    return done;
  }

  beforeEnd(keep: () => Promise<void>): void {
    this.#keep = keep;
  }

  async #finish(): Promise<void> {
    try {
      await this.#keep?.();
    } catch (error) {
      if (!this.#ended) this.#end('unkept');
      throw error;
    }
    if (!this.#ended) this.#end('complete');
  }

  /** A paid answer that nobody reads must not hold its payment for as long as the process lives. */
  #awaitReader(): void {
    const { unreadMs } = this.#options;
    if (unreadMs === undefined) return;
    const giveUp = () => {
      this.#unread = new Error('the answer was not read on');
      this.#end('stopped');
    };
    this.#unreadTimer = setTimeout(giveUp, unreadMs);
    // No reason for a process to stay; browsers' timers are numbers.
    if (typeof this.#unreadTimer === 'object') this.#unreadTimer.unref();
  }

  #end(end: BodyEnd): void {
    this.#ended = true;
    clearTimeout(this.#unreadTimer);
    if (end !== 'complete') this.#options.abort(new Error('the answer was not read to its end'));
    this.#options.onEnd?.(end);
  }
}

type Chunk = Uint8Array | 'end' | { readonly cause: unknown };

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  options: AnswerOptions,
): Promise<Chunk> {
  const timer = setTimeout(() => options.abort(new Error('the answer fell silent')), options.idleMs);
  try {
    const { done, value } = await reader.read();
    return done || value === undefined ? 'end' : value;
  } catch (cause) {
    return { cause };
  } finally {
    clearTimeout(timer);
  }
}

const firstBytes = 4_096;

/**
 * The whole body, or `undefined` when it is larger than `bytesMax`. Into one array that grows: the chunks are the seller's
 * choice, and kept as they come, chunks of one byte take a hundred times the memory of what is in them.
 */
export async function readAll(answer: Answer, bytesMax: number): Promise<Uint8Array | undefined> {
  let room = new Uint8Array(0);
  let length = 0;
  for await (const chunk of answer.body) {
    const needed = length + chunk.byteLength;
    if (needed > bytesMax) return undefined;
    if (needed > room.length) {
      const grown = new Uint8Array(Math.min(bytesMax, Math.max(needed, room.length * 2, firstBytes)));
      grown.set(room.subarray(0, length));
      room = grown;
    }
    room.set(chunk, length);
    length = needed;
  }
  return room.slice(0, length);
}

/** Throws the answer away and ends its connection. */
export async function discard(answer: Answer): Promise<void> {
  const iterator = answer.body[Symbol.asyncIterator]();
  await iterator.return?.();
}

/** The first bytes of a refusal, as text; short in size and in time, and never a reason to fail. */
export async function readRefusal(
  answer: Answer,
  abort: (reason: Error) => void,
): Promise<string | undefined> {
  const timer = setTimeout(() => abort(new Error('the refusal took too long')), problemTimeoutMs);
  try {
    const bytes = await readAll(answer, problemBytesMax);
    return bytes === undefined ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof WalletError || error instanceof TypeError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A header of an answer, or undefined. */
export function answerHeader(answer: Answer, name: string): string | undefined {
  return headerValue(answer.headers, name);
}
