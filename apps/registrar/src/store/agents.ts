import { integer, integerOrNone, type Row, type Sql, text, textOrNone } from './database.js';

/** Somebody who buys names. What proves it is kept as a hash only. */
export interface Agent {
  /** `agt_` and 20 hex characters. */
  readonly id: string;
  readonly name: string | undefined;
  /** Who paid, where the identity was made from a payment. */
  readonly payer: string | undefined;
  /** The person who has entered the claim code. */
  readonly human: string | undefined;
  readonly createdMs: number;
  /** When its key was taken back. */
  readonly revokedMs: number | undefined;
}

/** A new agent with the hashes of its secrets. */
export interface NewAgent {
  readonly id: string;
  readonly name?: string | undefined;
  readonly payer?: string | undefined;
  readonly keyHash: string | undefined;
  readonly claimHash?: string | undefined;
  readonly nowMs: number;
}

const columns = 'id, name, payer, human, created_ms, revoked_ms';

function agentOf(row: Row): Agent {
  return {
    id: text(row, 'id'),
    name: textOrNone(row, 'name'),
    payer: textOrNone(row, 'payer'),
    human: textOrNone(row, 'human'),
    createdMs: integer(row, 'created_ms'),
    revokedMs: integerOrNone(row, 'revoked_ms'),
  };
}

/** Writes a new agent. False when its id, payer or key is there already. */
export async function insertAgent(sql: Sql, agent: NewAgent): Promise<boolean> {
  const { id, name = null, payer = null, keyHash = null, claimHash = null, nowMs } = agent;
  const written = await sql.run(
    `INSERT INTO agent (id, name, payer, key_hash, claim_hash, created_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    [id, name, payer, keyHash, claimHash, nowMs],
  );
  return written === 1;
}

async function findBy(
  sql: Sql,
  column: 'id' | 'payer' | 'key_hash',
  value: string,
): Promise<Agent | undefined> {
  const [row] = await sql.all(`SELECT ${columns} FROM agent WHERE ${column} = ?`, [value]);
  return row === undefined ? undefined : agentOf(row);
}

/** The agent of an id. */
export function findAgent(sql: Sql, id: string): Promise<Agent | undefined> {
  return findBy(sql, 'id', id);
}

/** The agent who paid, where one was made of that payer. */
export function findPayer(sql: Sql, payer: string): Promise<Agent | undefined> {
  return findBy(sql, 'payer', payer);
}

/** The agent of a key, by the key's hash; also one whose key was taken back. */
export function findKey(sql: Sql, keyHash: string): Promise<Agent | undefined> {
  return findBy(sql, 'key_hash', keyHash);
}

/** Takes a key back. False when it is unknown or was taken back before. */
export async function revokeKey(sql: Sql, keyHash: string, nowMs: number): Promise<boolean> {
  const revoke = 'UPDATE agent SET revoked_ms = ? WHERE key_hash = ? AND revoked_ms IS NULL';
  return (await sql.run(revoke, [nowMs, keyHash])) === 1;
}

/**
 * Gives an agent whose key was taken back another one, and where nobody has claimed it, another claim code. False when its
 * key is good.
 */
export async function rekeyAgent(
  sql: Sql,
  id: string,
  hashes: { readonly keyHash: string; readonly claimHash: string },
): Promise<boolean> {
  const written = await sql.run(
    `UPDATE agent SET key_hash = ?, revoked_ms = NULL, claim_hash = CASE WHEN human IS NULL THEN ? ELSE NULL END
     WHERE id = ? AND revoked_ms IS NOT NULL`,
    [hashes.keyHash, hashes.claimHash, id],
  );
  return written === 1;
}

/** A person takes an agent for theirs. The code works once. Undefined when it is none, or was used. */
export async function claimAgent(sql: Sql, claimHash: string, human: string): Promise<Agent | undefined> {
  const [row] = await sql.all(
    `UPDATE agent SET human = ?, claim_hash = NULL WHERE claim_hash = ? RETURNING ${columns}`,
    [human, claimHash],
  );
  return row === undefined ? undefined : agentOf(row);
}
