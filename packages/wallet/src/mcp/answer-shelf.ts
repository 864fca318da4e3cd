import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, answerHeader, discard, readAll } from '../answer.js';
import { WalletError } from '../errors.js';
import { keptAnswerBytesMax, keptAnswerMs, keptAnswersMax, resultBodyCharsMax } from './limits.js';

/** An answer as a tool shows it. */
export interface ShownAnswer {
  /** The beginning of the body, at most {@link resultBodyCharsMax} characters. */
  readonly text: string;
  /** `text`, or `base64` for what is no UTF-8. */
  readonly encoding: 'text' | 'base64';
  readonly contentType: string;
  readonly bytes: number;
  /** True when {@link text} is not all. */
  readonly truncated: boolean;
  /** Where the whole answer is kept; undefined for one that cost nothing. */
  readonly file: string | undefined;
}

/** A paid answer that is kept. */
export interface StoredAnswer extends ShownAnswer {
  readonly file: string;
  /** All of it: another process that has the same answer may have handed on and removed the file. */
  readonly whole: Uint8Array;
}

/** Takes answers to their end: only what has been read whole counts as delivered. */
export interface AnswerShelf {
  /**
   * Reads a paid answer to its end, into a file as it arrives. Throws {@link WalletError}: then the payment is resumable,
   * or, where the last byte had been taken, the sentence names the file with the answer.
   */
  keep(answer: Answer, paymentId: string): Promise<StoredAnswer>;
  /** Reads an answer that cost nothing; what is too large is cut off. */
  show(answer: Answer): Promise<ShownAnswer>;
  /** An answer that was kept before. */
  find(paymentId: string): Promise<StoredAnswer | undefined>;
}

/**
 * Keeps paid answers in a folder, readable by its owner only, for a day. A paid answer can be asked for once: whoever
 * waited for it may have gone, and what does not fit a result must not be lost. None is larger than `bytesMax`. What was
 * kept at `handingOnSinceMs` (milliseconds since the epoch) or later is never too many: its reader still hands it on.
 */
export function answerShelf(
  folder: string,
  bytesMax = keptAnswerBytesMax,
  handingOnSinceMs = Number.POSITIVE_INFINITY,
): AnswerShelf {
  return {
    async keep(answer, paymentId) {
      const path = pathOf(folder, paymentId);
      const draft = await openDraft(folder, path, paymentId, handingOnSinceMs).catch(
        async (cause: unknown) => {
          // Nobody else would end it, and until then no other process may ask for it.
          await discard(answer);
          throw notKept(paymentId, cause);
        },
      );
      try {
        const whole = await draft.take(answer, bytesMax);
        return { ...view(whole), contentType: typeOf(answer), file: path, whole };
      } finally {
        await draft.close();
      }
    },
    async show(answer) {
      const whole = await readAll(answer, bytesMax);
      if (whole === undefined) {
        throw new WalletError('answer_too_large', `The answer is larger than ${bytesMax} bytes.`, {
          spent: 'no',
        });
      }
      return { ...view(Buffer.from(whole)), contentType: typeOf(answer), file: undefined };
    },
    async find(paymentId) {
      const path = pathOf(folder, paymentId);
      const whole = await readFile(path).catch(() => undefined);
      return whole && { ...view(whole), contentType: '', file: path, whole };
    },
  };
}

async function openDraft(folder: string, path: string, paymentId: string, sinceMs: number): Promise<Draft> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await prune(folder, sinceMs);
  // A name of its own: two processes may be answered at once, and neither may touch what the other reads.
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  return new Draft(await open(partial, 'wx+', 0o600), partial, path, paymentId);
}

/** An answer on its way into its file. */
class Draft {
  readonly #file: FileHandle;
  readonly #partial: string;
  readonly #path: string;
  readonly #paymentId: string;
  #bytes = 0;
  /** Where the answer stands: still coming, read to its last byte, or under its name. */
  #stage: 'coming' | 'ended' | 'placed' = 'coming';

  constructor(file: FileHandle, partial: string, path: string, paymentId: string) {
    this.#file = file;
    this.#partial = partial;
    this.#path = path;
    this.#paymentId = paymentId;
  }

  /** Takes the answer to its end and under its name, then gives it back whole. */
  async take(answer: Answer, bytesMax: number): Promise<Buffer> {
    try {
      // The journal drops the proof with the delivery: until the file has its name, nothing has been delivered.
      answer.beforeEnd?.(() => this.#place());
      await this.#write(answer, bytesMax);
      if (this.#stage !== 'placed') await this.#place();
      return await this.#readBack();
    } catch (cause) {
      throw await this.#failed(cause);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(answer: Answer, bytesMax: number): Promise<void> {
    for await (const chunk of answer.body) {
      this.#bytes += chunk.byteLength;
      if (this.#bytes > bytesMax) throw tooLarge(this.#paymentId, bytesMax);
      await this.#file.writeFile(chunk);
    }
  }

  async #place(): Promise<void> {
    this.#stage = 'ended';
    await this.#file.sync();
    await rename(this.#partial, this.#path);
    this.#stage = 'placed';
  }

  /** Through our own handle: whose the name is by now does not matter. */
  async #readBack(): Promise<Buffer> {
    const whole = Buffer.alloc(this.#bytes);
    for (let at = 0; at < whole.byteLength; ) {
      const { bytesRead } = await this.#file.read(whole, at, whole.byteLength - at, at);
      if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
      at += bytesRead;
    }
    return whole;
  }

  /** What was read to its last byte is kept and named, whatever failed afterwards: it may not be had again. */
  async #failed(cause: unknown): Promise<WalletError> {
    if (this.#stage === 'placed') return keptUnsaid(this.#path, this.#paymentId, cause);
    if (this.#stage === 'ended') return keptAside(this.#partial, this.#paymentId, cause);
    await rm(this.#partial, { force: true }).catch(() => undefined);
    return cause instanceof WalletError ? cause : notKept(this.#paymentId, cause);
  }
}

function tooLarge(paymentId: string, bytesMax: number): WalletError {
  const message = `The answer is larger than ${bytesMax} bytes; take it, without paying again, with: farebox pay resume ${paymentId} -o <file>`;
  return new WalletError('answer_too_large', message, { paymentId });
}

function notKept(paymentId: string, cause: unknown): WalletError {
  const message = `The answer could not be written down; see that the disk has room, then take it again, without paying: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}

function keptAside(partial: string, paymentId: string, cause: unknown): WalletError {
  const message = `The answer is whole in ${partial}, and could not take its place there; take it out by hand, or ask again, without paying, with: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}

function keptUnsaid(path: string, paymentId: string, cause: unknown): WalletError {
  const message = `The answer is whole in ${path}, but its delivery could not be completed; take it from there, or ask again, without paying, with: farebox pay resume ${paymentId}`;
  const spent = cause instanceof WalletError ? { spent: cause.spent } : {};
  return new WalletError('answer_unknown', message, { paymentId, cause, ...spent });
}

function typeOf(answer: Answer): string {
  return answerHeader(answer, 'content-type') ?? '';
}

function pathOf(folder: string, paymentId: string): string {
  // Ids are ours; anything else must not be able to leave the folder.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(paymentId)) throw new TypeError('This is no payment id.');
  return join(folder, paymentId);
}

function view(whole: Buffer): Pick<ShownAnswer, 'text' | 'encoding' | 'truncated' | 'bytes'> {
  const bytes = whole.byteLength;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(whole);
    const truncated = text.length > resultBodyCharsMax;
    return { text: text.slice(0, resultBodyCharsMax), encoding: 'text', truncated, bytes };
  } catch {
    const shown = whole.subarray(0, Math.floor(resultBodyCharsMax / 4) * 3);
    const truncated = shown.byteLength < bytes;
    return { text: shown.toString('base64'), encoding: 'base64', truncated, bytes };
  }
}

/** Removes what is old, then the oldest of what is too many and older than `sinceMs`. */
async function prune(folder: string, sinceMs: number): Promise<void> {
  const names = await readdir(folder);
  const kept: { readonly path: string; readonly atMs: number }[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    if (found.mtimeMs < Date.now() - keptAnswerMs) await rm(path, { force: true });
    else kept.push({ path, atMs: found.mtimeMs });
  }
  const surplus = kept.sort((a, b) => a.atMs - b.atMs).slice(0, Math.max(0, kept.length - keptAnswersMax));
  for (const { path, atMs } of surplus) if (atMs < sinceMs) await rm(path, { force: true });
}
