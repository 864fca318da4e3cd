import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { JournalEntry } from './journal.js';
import type { Header } from './request.js';
import { isResumable, type ResumeOptions, type ResumeResult, resumeEntry } from './resume.js';

/** What became of one payment in `resumeAll`. */
export type ResumeReport =
  | { readonly id: string; readonly ok: true; readonly result: ResumeResult }
  | { readonly id: string; readonly ok: false; readonly error: WalletError };

/** How all unfinished payments are resumed. */
export interface ResumeAllOptions extends ResumeOptions {
  /** Which payments; the others are left as they are. Default all. */
  readonly only?: ((entry: JournalEntry) => boolean) | undefined;
}

/**
 * Finishes all that can be finished, oldest first. Never pays. Throws {@link WalletError} `invalid_request`, before
 * anything is sent, where the given secret headers would go to more than one origin.
 */
export async function* resumeAll(
  context: WalletContext,
  options: ResumeAllOptions = {},
): AsyncGenerator<ResumeReport> {
  const { headers = [], only = () => true, evenExpired } = options;
  const isWanted = (entry: JournalEntry) => isResumable(entry, context.now(), evenExpired) && only(entry);
  const found = context.journal.unfinished();
  requireOneOrigin(found.filter(isWanted), headers);
  for (const { id } of found) {
    // Read again: an earlier turn of this loop, or another process, may have changed it.
    const entry = context.journal.find(id);
    if (entry === undefined || !isWanted(entry)) continue;
    try {
      yield { id, ok: true, result: await resumeEntry(context, entry, options) };
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      yield { id, ok: false, error };
    }
  }
}

/** A secret is for one seller: where two would be sent the same one, nobody has said whose it is. */
function requireOneOrigin(entries: readonly JournalEntry[], headers: readonly Header[]): void {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const origins = new Set<string>();
  for (const { request } of entries) {
    if (request?.withheld.some((name) => names.has(name))) origins.add(new URL(request.url).origin);
  }
  if (origins.size < 2) return;
  const message = `These headers would go to more than one seller (${[...origins].slice(0, 3).join(', ')}); resume one payment by its id with the headers that are for it.`;
  throw new WalletError('invalid_request', message);
}
