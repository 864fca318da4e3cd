import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Answer, type JournalEntry, WalletError } from '@farebox/wallet';
import { type BodyView, shownBodyBytesMax, viewBody } from './body-view.js';

/** A paid answer on disk: with its last byte the journal drops the proof, and nobody could ask for it again. */
export interface KeptAnswer {
  readonly path: string;
  readonly bytes: number;
  readonly view: BodyView;
  /** Removes it, once it has been handed on; what cannot be removed does no harm. */
  drop(): Promise<void>;
}

/**
 * Reads a paid answer to its end, into a file of the folder. Throws {@link WalletError}: the payment is resumable then,
 * or the sentence names the file.
 */
export async function keepAnswer(answer: Answer, folder: string, paymentId: string): Promise<KeptAnswer> {
  const { answerShelf } = await import('@farebox/wallet/answers');
  // Of many answers in one run, the first are still to be handed on when the last is kept.
  const shelf = answerShelf(folder, shownBodyBytesMax, performance.timeOrigin);
  const { file, contentType, whole } = await shelf.keep(answer, paymentId);
  return {
    path: file,
    bytes: whole.byteLength,
    view: viewBody(whole, contentType),
    drop: () => rm(file, { force: true }).catch(() => undefined),
  };
}

/** The answer of a delivered payment that has not been handed on, or that the MCP server keeps. */
export async function findKeptAnswer(
  entry: JournalEntry,
  folder: string,
): Promise<{ readonly path: string; readonly answer: Answer } | undefined> {
  if (entry.state !== 'delivered') return undefined;
  const { answerShelf } = await import('@farebox/wallet/answers');
  const kept = await answerShelf(folder).find(entry.id);
  if (kept === undefined) return undefined;
  const answer = { status: entry.status ?? 200, headers: [], body: createReadStream(kept.file) };
  return { path: kept.file, answer };
}

/** The answer is here, whole; what was to be told of it could not be written. */
export function notHandedOn(paymentId: string, path: string, cause: unknown): WalletError {
  const message = `The result could not be written out; nothing need be paid again, the answer is in ${path}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}
