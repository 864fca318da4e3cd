import { WalletError } from './errors.js';
import { problemBytesMax, problemTimeoutMs } from './limits.js';
import { type Header, headerValue } from './request.js';

/** How the reading of a body ended: to the last byte, broken by the other side, or given up by the reader. */
export type BodyEnd = 'complete' | 'cut' | 'stopped';

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
      this.#end('complete');
      return done;
    }
    if (chunk instanceof Uint8Array) {
      this.#awaitReader();
      return { done: false, value: chunk };
    }
    this.#end('cut');
    throw this.#options.onCut(chunk.cause);
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) this.#end('stopped');
    return done;
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

/** The whole body, or `undefined` when it is larger than `bytesMax`. */
export async function readAll(answer: Answer, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.byteLength;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
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
