import type { Pool } from 'pg';
import { createLibraryLimiter } from './library-limiter.js';
import type { Limiter } from './limiter.js';
import { countedMax } from './memory-limiter.js';
import { longestMs } from './window.js';

/** How often counts of windows that are over are removed, milliseconds. */
const sweepEveryMs = 60_000;
/** Most counts that one removal takes. */
const sweepRowsMax = 5_000;
/** The table; its columns are the library's. */
const tableName = 'limit_count';

/**
 * Counts in PostgreSQL, for all gateways together. One statement a window and request, atomic: over all gateways no window
 * grants more than it says, as far as their clocks agree. Who has nothing left is refused from memory until the window is
 * over.
 *
 * While the server does not answer each gateway counts by itself, so that a database that restarts does not turn everybody
 * away; together they then grant at most so many times the limit as there are gateways.
 *
 * @param pool is closed with the limiter
 */
export async function createPostgresLimiter(pool: Pool, schema: string): Promise<Limiter> {
  const { RateLimiterMemory, RateLimiterPostgres } = await import('rate-limiter-flexible');
  const timer = setInterval(() => {
    // What this one leaves the next one takes; a server that does not answer has other worries.
    pool
      .query(
        `DELETE FROM "${schema}".${tableName} WHERE key IN
           (SELECT key FROM "${schema}".${tableName} WHERE expire < $1 LIMIT ${sweepRowsMax})`,
        [Date.now()],
      )
      .catch(() => {});
  }, sweepEveryMs);
  timer.unref();
  return createLibraryLimiter(
    (window) => {
      const { requests: points, name: keyPrefix } = window;
      const duration = Math.ceil(longestMs(window) / 1_000);
      const alone = new RateLimiterMemory({ keyPrefix, points, duration: Math.min(duration, 86_400) });
      const limiter = new RateLimiterPostgres({
        storeClient: pool,
        storeType: 'pool',
        schemaName: schema,
        tableName,
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix,
        points,
        duration,
        inMemoryBlockOnConsumed: points,
        insuranceLimiter: alone,
      });
      const counted = new Set<string>();
      let evicted = 0;
      // What this process remembers beside the server is bounded: what is forgotten is asked for again.
      const seen = (subject: string): void => {
        counted.delete(subject);
        counted.add(subject);
        if (counted.size <= countedMax) return;
        for (const oldest of counted) {
          counted.delete(oldest);
          void alone.delete(oldest);
          break;
        }
        if (++evicted % countedMax === 0) limiter.deleteInMemoryBlockedAll();
      };
      return { limiter, seen, keepsTime: true };
    },
    async () => {
      clearInterval(timer);
      await pool.end();
    },
  );
}
