import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { type CountKeep, type KeptCount, keepEveryMs } from './count-keep.js';
import { createLibraryLimiter } from './library-limiter.js';
import type { Limiter } from './limiter.js';
import { type LimitWindow, longestMs } from './window.js';

/** Most subjects of one kind of window that are counted at a time; about 300 bytes each. */
export const countedMax = 65_536;

/** What a limiter in memory is made of. */
export interface MemoryLimiterOptions {
  readonly subjectsMax?: number;
  /** Where counts of the calendar are kept; undefined: they end with the process. */
  readonly keep?: CountKeep | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told about counts that could not be kept; they are tried again. */
  readonly onFailure?: (error: unknown) => void;
}

/** A count that has changed since it was kept. */
interface Changed {
  readonly limiter: RateLimiterMemory;
  readonly subject: string;
  readonly endMs: number;
}

/**
 * Counts in this process's memory: exact for one gateway. Counts of the calendar outlive it where they are kept, but for the
 * last seconds before a crash; those of a stretch do not. At the bound whoever was counted longest ago is forgotten, and
 * begins anew.
 */
export async function createMemoryLimiter(options: MemoryLimiterOptions = {}): Promise<Limiter> {
  const { subjectsMax = countedMax, keep, now = Date.now, onFailure = () => {} } = options;
  const library = await import('rate-limiter-flexible');
  const kept = keep === undefined ? [] : await keep.load(now());
  let changed = new Map<string, Changed>();

  async function keepChanged(): Promise<void> {
    if (keep === undefined || changed.size === 0) return;
    const these = changed;
    changed = new Map();
    const counts: KeptCount[] = [];
    for (const [name, { limiter, subject, endMs }] of these) {
      const count = (await limiter.get(subject))?.consumedPoints;
      if (count !== undefined) counts.push({ name, count, endMs });
    }
    try {
      await keep.save(counts, now());
    } catch (error) {
      changed = new Map([...these, ...changed]);
      onFailure(error);
    }
  }

  let keeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    keeping = keeping.then(keepChanged);
  }, keepEveryMs);
  timer.unref();

  const open = (window: LimitWindow) => {
    const { requests: points, name: windowName, length } = window;
    const duration = length.kind === 'stretch' ? longestMs(window) / 1_000 : 0;
    const limiter = new library.RateLimiterMemory({ points, duration });
    const counted = new Set<string>();
    const prefix = `${windowName}:`;
    for (const { name, count } of length.kind === 'calendar' ? kept : []) {
      if (!name.startsWith(prefix)) continue;
      const subject = name.slice(prefix.length);
      counted.add(subject);
      void limiter.set(subject, count, 0);
    }
    const seen = (subject: string, endMs: number | undefined): void => {
      if (keep !== undefined && endMs !== undefined)
        changed.set(prefix + subject, { limiter, subject, endMs });
      counted.delete(subject);
      counted.add(subject);
      if (counted.size <= subjectsMax) return;
      for (const oldest of counted) {
        counted.delete(oldest);
        changed.delete(prefix + oldest);
        void limiter.delete(oldest);
        break;
      }
    };
    return { limiter, seen, keepsTime: false };
  };
  return createLibraryLimiter(open, async () => {
    clearInterval(timer);
    await keeping;
    await keepChanged();
  });
}
