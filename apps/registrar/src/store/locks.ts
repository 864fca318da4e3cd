import { inFlightMsMax, type LockState, lockStateAt } from '../life/lock-life.js';
import { integer, type Row, type Sql, text } from './database.js';
import { inFlightFor } from './purchases.js';

/** A name that somebody has been asked to pay for. */
export interface NameLock {
  readonly fqdn: string;
  readonly holder: string;
  readonly client: string;
  readonly session: string;
  readonly takenMs: number;
  readonly untilMs: number;
  readonly extensions: number;
}

/** A lock, or none, and where it stands. */
export interface LockStanding {
  readonly lock: NameLock | undefined;
  readonly state: LockState;
}

function lockOf(row: Row): NameLock {
  return {
    fqdn: text(row, 'fqdn'),
    holder: text(row, 'holder'),
    client: text(row, 'client'),
    session: text(row, 'session'),
    takenMs: integer(row, 'taken_ms'),
    untilMs: integer(row, 'until_ms'),
    extensions: integer(row, 'extensions'),
  };
}

/** How a name is locked at a moment. `except`: an order that does not stand in its own way. */
export async function lockStanding(
  sql: Sql,
  fqdn: string,
  nowMs: number,
  except?: string,
): Promise<LockStanding> {
  const [row] = await sql.all('SELECT * FROM name_lock WHERE fqdn = ?', [fqdn]);
  const inFlightMs = await inFlightFor(sql, fqdn, nowMs, except);
  const lock = row === undefined ? undefined : lockOf(row);
  const times = lock ?? (inFlightMs === undefined ? undefined : { untilMs: 0 });
  return { lock, state: lockStateAt(times && { untilMs: times.untilMs, inFlightMs }, nowMs) };
}

/** Writes a lock in place of whatever was there. */
export async function writeLock(sql: Sql, lock: NameLock): Promise<void> {
  const { fqdn, holder, client, session, takenMs, untilMs, extensions } = lock;
  await sql.run(
    `INSERT INTO name_lock (fqdn, holder, client, session, taken_ms, until_ms, extensions) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (fqdn) DO UPDATE SET holder = excluded.holder, client = excluded.client, session = excluded.session,
       taken_ms = excluded.taken_ms, until_ms = excluded.until_ms, extensions = excluded.extensions`,
    [fqdn, holder, client, session, takenMs, untilMs, extensions],
  );
}

/** Removes a lock. False when there was none. */
export async function removeLock(sql: Sql, fqdn: string): Promise<boolean> {
  return (await sql.run('DELETE FROM name_lock WHERE fqdn = ?', [fqdn])) === 1;
}

/** How many names are kept for a holder, or for an address, at a moment: locked, or with a credential at work. */
export async function countLocks(
  sql: Sql,
  by: 'client' | 'holder',
  who: string,
  nowMs: number,
): Promise<number> {
  const [row] = await sql.all(
    `SELECT COUNT(*) AS n FROM (
       SELECT fqdn FROM name_lock WHERE ${by} = ? AND until_ms > ?
       UNION SELECT fqdn FROM purchase
         WHERE ${by} = ? AND kind = 'register' AND state = 'executing' AND in_flight_ms > ?) AS kept`,
    [who, nowMs, who, nowMs - inFlightMsMax],
  );
  return row === undefined ? 0 : integer(row, 'n');
}

/** Removes locks that were over long ago, some at a time. */
export function pruneLocks(sql: Sql, beforeMs: number, limit: number): Promise<number> {
  return sql.run(
    'DELETE FROM name_lock WHERE fqdn IN (SELECT fqdn FROM name_lock WHERE until_ms < ? LIMIT ?)',
    [beforeMs, limit],
  );
}
