import { type DnsRecord, type Profile, recordTypes } from '../directory.js';
import { graceMs } from '../life/domain-life.js';
import { integer, type Row, type Sql, text, textOrNone } from './database.js';

/** One name that somebody owns. */
export interface OwnedDomain {
  readonly fqdn: string;
  readonly namespace: string;
  readonly name: string;
  readonly owner: string;
  readonly registeredMs: number;
  readonly expiresMs: number;
  /** The order that it was registered by: `ord_…`. */
  readonly orderId: string;
  readonly method: string;
  readonly reference: string | undefined;
  readonly profile: Profile;
}

function domainOf(row: Row): OwnedDomain {
  return {
    fqdn: text(row, 'fqdn'),
    namespace: text(row, 'namespace'),
    name: text(row, 'name'),
    owner: text(row, 'owner'),
    registeredMs: integer(row, 'registered_ms'),
    expiresMs: integer(row, 'expires_ms'),
    orderId: text(row, 'order_id'),
    method: text(row, 'method'),
    reference: textOrNone(row, 'reference'),
    profile: JSON.parse(text(row, 'profile')) as Profile, // written by writeProfile, which takes nothing else
  };
}

/** A name that is owned at a moment, grace included. */
export async function findDomain(sql: Sql, fqdn: string, nowMs: number): Promise<OwnedDomain | undefined> {
  const [row] = await sql.all('SELECT * FROM domain WHERE fqdn = ? AND expires_ms > ?', [
    fqdn,
    nowMs - graceMs,
  ]);
  return row === undefined ? undefined : domainOf(row);
}

/** What is left of a name whose grace is over at a moment; undefined: nobody had it, or somebody has it. */
export async function findFormer(sql: Sql, fqdn: string, nowMs: number): Promise<OwnedDomain | undefined> {
  const [row] = await sql.all('SELECT * FROM domain WHERE fqdn = ? AND expires_ms <= ?', [
    fqdn,
    nowMs - graceMs,
  ]);
  return row === undefined ? undefined : domainOf(row);
}

/** An agent's names, in their order. */
export async function domainsOf(
  sql: Sql,
  owner: string,
  after: string,
  limit: number,
  nowMs: number,
): Promise<readonly OwnedDomain[]> {
  const rows = await sql.all(
    'SELECT * FROM domain WHERE owner = ? AND fqdn > ? AND expires_ms > ? ORDER BY fqdn LIMIT ?',
    [owner, after, nowMs - graceMs, limit],
  );
  return rows.map(domainOf);
}

/** A namespace's names, in the order of their labels. */
export async function domainsIn(
  sql: Sql,
  namespace: string,
  after: string,
  limit: number,
  nowMs: number,
): Promise<readonly OwnedDomain[]> {
  const rows = await sql.all(
    'SELECT * FROM domain WHERE namespace = ? AND name > ? AND expires_ms > ? ORDER BY name LIMIT ?',
    [namespace, after, nowMs - graceMs, limit],
  );
  return rows.map(domainOf);
}

/**
 * Names whose grace is over, oldest first. Not those that a registry was asked to renew without having said what it did: they
 * were paid for.
 */
export async function releasedDomains(
  sql: Sql,
  nowMs: number,
  limit: number,
): Promise<readonly OwnedDomain[]> {
  const rows = await sql.all(
    `SELECT * FROM domain WHERE expires_ms <= ? AND NOT EXISTS (
       SELECT 1 FROM purchase WHERE purchase.fqdn = domain.fqdn AND state = 'unknown' AND kind = 'renew')
     ORDER BY expires_ms LIMIT ?`,
    [nowMs - graceMs, limit],
  );
  return rows.map(domainOf);
}

/** Writes a name that has a new owner. */
export async function insertDomain(sql: Sql, domain: OwnedDomain): Promise<void> {
  const { fqdn, namespace, name, owner, registeredMs, expiresMs, orderId, method, reference, profile } =
    domain;
  await sql.run(
    `INSERT INTO domain (fqdn, namespace, name, owner, registered_ms, expires_ms, order_id, method, reference, profile)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[fqdn, namespace, name, owner, registeredMs, expiresMs, orderId, method, reference ?? null],
      JSON.stringify(profile),
    ],
  );
}

/** Removes a name with its records, if it is there. */
export async function removeDomain(sql: Sql, fqdn: string): Promise<void> {
  await sql.run('DELETE FROM record WHERE fqdn = ?', [fqdn]);
  await sql.run('DELETE FROM domain WHERE fqdn = ?', [fqdn]);
}

/** Moves the end of a name's term. */
export async function writeExpiry(sql: Sql, fqdn: string, expiresMs: number): Promise<void> {
  await sql.run('UPDATE domain SET expires_ms = ? WHERE fqdn = ?', [expiresMs, fqdn]);
}

/** Gives a name to somebody else. */
export async function writeOwner(sql: Sql, fqdn: string, owner: string): Promise<void> {
  await sql.run('UPDATE domain SET owner = ? WHERE fqdn = ?', [owner, fqdn]);
}

/** What the owner tells of a name. */
export async function writeProfile(sql: Sql, fqdn: string, profile: Profile): Promise<void> {
  await sql.run('UPDATE domain SET profile = ? WHERE fqdn = ?', [JSON.stringify(profile), fqdn]);
}

/** A name's records, in a stable order. */
export async function recordsOf(sql: Sql, fqdn: string): Promise<readonly DnsRecord[]> {
  const rows = await sql.all('SELECT * FROM record WHERE fqdn = ? ORDER BY name, type, data', [fqdn]);
  return rows.map(recordOf);
}

function recordOf(row: Row): DnsRecord {
  const type = recordTypes.find((each) => each === row.type);
  if (type === undefined) throw new Error('The store holds a record of a type that there is none.');
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    type,
    ttlSeconds: integer(row, 'ttl'),
    data: text(row, 'data'),
  };
}

/** Writes a record; false when the very same is there. */
export async function insertRecord(
  sql: Sql,
  fqdn: string,
  record: DnsRecord,
  nowMs: number,
): Promise<boolean> {
  const { id, name, type, ttlSeconds, data } = record;
  const written = await sql.run(
    `INSERT INTO record (id, fqdn, name, type, ttl, data, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    [id, fqdn, name, type, ttlSeconds, data, nowMs],
  );
  return written === 1;
}

/** Removes a record of a name; false when it has none of that id. */
export async function removeRecord(sql: Sql, fqdn: string, id: string): Promise<boolean> {
  return (await sql.run('DELETE FROM record WHERE fqdn = ? AND id = ?', [fqdn, id])) === 1;
}

/** Counts a change of a namespace. */
export async function bumpSerial(sql: Sql, namespace: string): Promise<void> {
  await sql.run(
    `INSERT INTO zone_serial (namespace, serial) VALUES (?, 1)
     ON CONFLICT (namespace) DO UPDATE SET serial = zone_serial.serial + 1`,
    [namespace],
  );
}

/** How often a namespace has changed, from 1. */
export async function readSerial(sql: Sql, namespace: string): Promise<number> {
  const [row] = await sql.all('SELECT serial FROM zone_serial WHERE namespace = ?', [namespace]);
  return row === undefined ? 1 : integer(row, 'serial') + 1;
}
