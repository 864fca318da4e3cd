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
 * waited for it may have gone, and what does not fit a result must not be lost. None is larger than `bytesMax`.
 */
export function answerShelf(folder: string, bytesMax = keptAnswerBytesMax): AnswerShelf {
  return {
    async keep(answer, paymentId) {
      const path = pathOf(folder, paymentId);
      const partial = `${path}.partial`;
      const file = await openPartial(folder, partial).catch(async (cause: unknown) => {
        // Nobody else would end it, and until then no other process may ask for it.
        await discard(answer);
        throw notKept(paymentId, cause);
      });
      try {
        await write(file, answer, paymentId, bytesMax).catch((cause: unknown) => {
          throw cause instanceof WalletError ? cause : notKept(paymentId, cause);
        });
        const whole = await settle(file, partial, path).catch((cause: unknown) => {
          throw keptAside(partial, paymentId, cause);
        });
        return { ...view(whole), contentType: typeOf(answer), file: path };
      } finally {
        await file.close();
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
      return whole && { ...view(whole), contentType: '', file: path };
    },
  };
}

async function openPartial(folder: string, partial: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await prune(folder);
  // What an earlier try left is not whole. The journal lets one process at a time work on a payment.
  await rm(partial, { force: true });
  return open(partial, 'wx', 0o600);
}

async function write(file: FileHandle, answer: Answer, paymentId: string, bytesMax: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      const message = `The answer is larger than ${bytesMax} bytes; take it, without paying again, with: farebox pay resume ${paymentId} -o <file>`;
      throw new WalletError('answer_too_large', message, { paymentId });
    }
    await file.writeFile(chunk);
  }
}

/** Gives the file its name. Whatever fails here leaves it: the last byte was taken, and the proof is gone with it. */
async function settle(file: FileHandle, partial: string, path: string): Promise<Buffer> {
  await file.sync();
  const whole = await readFile(partial);
  await rename(partial, path);
  return whole;
}

function notKept(paymentId: string, cause: unknown): WalletError {
  const message = `The answer could not be written down; see that the disk has room, then take it again, without paying: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}

function keptAside(partial: string, paymentId: string, cause: unknown): WalletError {
  const message = `The answer is whole in ${partial}, and could not take its place there; take it out by hand.`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
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

/** Removes what is old, then the oldest of what is too many. */
async function prune(folder: string): Promise<void> {
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
  for (const { path } of surplus) await rm(path, { force: true });
}
