import type { ApiKey, StoredKey } from './key.js';
import type { Sql, SqlRow, SqlStatement, SqlValue } from './sql.js';
import type { KeyChange, KeyRotation, KeyStore, NewKey } from './store.js';

/** Most keys in one transaction of {@link KeyStore.touch}. */
export const touchedMax = 500;

/**
 * Keys in SQL, in the few words that SQLite and PostgreSQL share.
 *
 * @param sql its tables are there and up to date
 * @param schema goes before each table's name: empty, or `"name".`
 */
export function createSqlKeyStore(sql: Sql, schema: string): KeyStore {
  const table = `${schema}api_key`;
  // In the transaction of the change itself: whoever sees the number sees the change.
  const bump: SqlStatement = { text: `UPDATE ${schema}key_change SET changes = changes + 1` };

  async function changed(text: string, values: readonly SqlValue[]): Promise<ApiKey | undefined> {
    const [rows] = await sql.batch([{ text, values }, bump]);
    const row = rows?.[0];
    return row === undefined ? undefined : keyOf(row);
  }

  return {
    async changes() {
      const [row] = await sql.rows(`SELECT changes FROM ${schema}key_change`);
      return Number(row?.changes ?? 0);
    },
    async find(hash) {
      const [row] = await sql.rows(`SELECT * FROM ${table} WHERE hash = $1 OR old_hash = $1`, [hash]);
      return row === undefined ? undefined : storedKeyOf(row);
    },
    async create(key: NewKey) {
      const text = `INSERT INTO ${table} (id, hash, shown, name, plan, scopes, created, expires)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
      const { id, hash, shown, name, plan, scopes, createdMs, expiresMs = null } = key;
      const values = [id, hash, shown, name, plan, JSON.stringify(scopes), createdMs, expiresMs];
      await sql.batch([{ text, values }, bump]);
    },
    async list(after, keysMax) {
      const place = after === undefined ? '' : `WHERE seq > (SELECT seq FROM ${table} WHERE id = $2)`;
      const text = `SELECT * FROM ${table} ${place} ORDER BY seq LIMIT $1`;
      const rows = await sql.rows(text, after === undefined ? [keysMax] : [keysMax, after]);
      return rows.map(keyOf);
    },
    async show(name) {
      const rows = await sql.rows(`SELECT * FROM ${table} WHERE id = $1 OR shown = $1 LIMIT 2`, [name]);
      const [row] = rows;
      return row === undefined || rows.length > 1 ? undefined : keyOf(row);
    },
    async change(id, change: KeyChange) {
      const { sets, values } = assignments(change);
      if (sets.length === 0) return this.show(id);
      const text = `UPDATE ${table} SET ${sets.join(', ')} WHERE id = $1 RETURNING *`;
      return changed(text, [id, ...values]);
    },
    revoke: (id, nowMs) =>
      changed(`UPDATE ${table} SET revoked = coalesce(revoked, $2) WHERE id = $1 RETURNING *`, [id, nowMs]),
    rotate: (id, { hash, shown, oldUntilMs, nowMs }: KeyRotation) =>
      changed(
        `UPDATE ${table} SET old_hash = hash, old_until = $2, hash = $3, shown = $4, rotated = $5
         WHERE id = $1 AND revoked IS NULL RETURNING *`,
        [id, oldUntilMs, hash, shown, nowMs],
      ),
    async touch(uses) {
      // In one order everywhere: two gateways that note the same keys must not wait for each other.
      const sorted = [...uses].sort(([a], [b]) => (a < b ? -1 : 1));
      for (let from = 0; from < sorted.length; from += touchedMax) {
        await sql.batch(
          sorted.slice(from, from + touchedMax).map(([id, ms]) => ({
            text: `UPDATE ${table} SET last_used = $2 WHERE id = $1 AND coalesce(last_used, 0) < $2`,
            values: [id, ms],
          })),
          true,
        );
      }
    },
    close: () => sql.close(),
  };
}

/** The columns that a change sets; `$1` is the id. */
function assignments(change: KeyChange): { readonly sets: string[]; readonly values: SqlValue[] } {
  const sets: string[] = [];
  const values: SqlValue[] = [];
  const set = (column: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    values.push(value);
    sets.push(`${column} = $${values.length + 1}`);
  };
  set('name', change.name);
  set('plan', change.plan);
  set('scopes', change.scopes === undefined ? undefined : JSON.stringify(change.scopes));
  set('expires', change.expiresMs);
  return { sets, values };
}

function keyOf(row: SqlRow): ApiKey {
  return {
    id: String(row.id),
    name: String(row.name),
    shown: String(row.shown),
    plan: String(row.plan),
    scopes: scopesOf(row.scopes),
    createdMs: Number(row.created),
    expiresMs: optional(row.expires),
    revokedMs: optional(row.revoked),
    rotatedMs: optional(row.rotated),
    oldUntilMs: optional(row.old_until),
    lastUsedMs: optional(row.last_used),
  };
}

function storedKeyOf(row: SqlRow): StoredKey {
  const oldHash = row.old_hash === null ? undefined : String(row.old_hash);
  return { ...keyOf(row), hash: String(row.hash), oldHash };
}

function optional(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

/** What is no list of texts would open everything if it were taken for none: it is no key then. */
function scopesOf(value: unknown): readonly string[] {
  const scopes: unknown = JSON.parse(String(value));
  if (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== 'string'))
    throw new TypeError('The scopes of a key cannot be read; restore the store of keys from a backup.');
  return scopes;
}
