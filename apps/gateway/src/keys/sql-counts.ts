import type { CountKeep } from '../limits/count-keep.js';
import type { Sql } from './sql.js';

/** Most counts that are read back. */
const countsMax = 200_000;
/** Most counts in one transaction. */
const savedMax = 1_000;

/** Keeps counts in the table that PostgreSQL has for shared ones. */
export function createSqlCounts(sql: Sql): CountKeep {
  return {
    async load(nowMs) {
      const text = `SELECT key, points, expire FROM limit_count WHERE expire > $1 LIMIT ${countsMax}`;
      const rows = await sql.rows(text, [nowMs]);
      return rows.map(({ key, points, expire }) => ({
        name: String(key),
        count: Number(points),
        endMs: Number(expire),
      }));
    },
    async save(counts, nowMs) {
      const text = `INSERT INTO limit_count (key, points, expire) VALUES ($1, $2, $3)
        ON CONFLICT (key) DO UPDATE SET points = $2, expire = $3`;
      for (let from = 0; from < counts.length; from += savedMax) {
        const some = counts.slice(from, from + savedMax);
        await sql.batch(
          some.map(({ name, count, endMs }) => ({ text, values: [name, count, endMs] })),
          true,
        );
      }
      await sql.batch([{ text: 'DELETE FROM limit_count WHERE expire <= $1', values: [nowMs] }], true);
    },
  };
}
