import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import { storedChallenge, storedReference } from './keys.js';
import { openPostgresLedger } from './open.js';
import { Schemas, titled } from './testing/schemas.js';
import { until } from './testing/until.js';

const script = fileURLToPath(new URL('./testing/holder-child.js', import.meta.url));
/** The shortest that is allowed. */
const leaseMs = 300;

describe.skipIf(postgresMissing !== undefined)(titled('leases in PostgreSQL', postgresMissing), () => {
  let schemas: Schemas;
  let schema: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(() => {
    schema = schemas.name();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await schemas.clear();
  });

  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown[][]> =>
    schemas.server.sql(text.replaceAll('$schema', `"${schema}"`), values);

  async function gateway(): Promise<ChildProcess> {
    const child = fork(script, [schemas.server.url, schema, String(leaseMs)]);
    children.push(child);
    const [said] = await once(child, 'message');
    expect(said).toBe('open');
    return child;
  }

  async function tell(child: ChildProcess, verb: string, name: string): Promise<unknown> {
    const answer = once(child, 'message');
    child.send([verb, name]);
    const [said] = await answer;
    return said;
  }

  // When its lease runs out, seconds since the epoch.
  async function leaseOf(id: unknown): Promise<number> {
    const [row] = await sql(
      'SELECT extract(epoch FROM lease_until)::float8 FROM $schema.holder WHERE id = $1',
      [id],
    );
    return Number(row?.[0]);
  }

  async function youngest(): Promise<unknown> {
    const [row] = await sql('SELECT id FROM $schema.holder ORDER BY opened DESC LIMIT 1');
    return row?.[0];
  }

  it.each([0, 299, 300.5, Number.NaN, 3_600_001])('refuses a lease of %s ms', async (wrong) => {
    const opened = openPostgresLedger({ url: schemas.server.url, schema, leaseMs: wrong });
    await expect(opened).rejects.toMatchObject({ name: 'LedgerOpenError', code: 'ledger_unopenable' });
  });

  it('is renewed again and again by an idle ledger, and by one that is never idle', async () => {
    const ledger = await schemas.open({ schema, leaseMs });
    const id = await youngest();
    const renewed = async (): Promise<number> => {
      const before = await leaseOf(id);
      return await until(async () => {
        const now = await leaseOf(id);
        return now > before ? now : undefined;
      });
    };
    const idle = [await renewed(), await renewed(), await renewed()];
    expect(ledger.stats.commits).toBe(0);
    let [working, n] = [true, 0];
    const traffic = Array.from({ length: 8 }, async () => {
      while (working) await ledger.deliver(requestOf(n++));
    });
    const busy = [await renewed(), await renewed(), await renewed()];
    working = false;
    await Promise.all(traffic);
    const all = [...idle, ...busy];
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(await sql('SELECT count(*)::int FROM $schema.holder WHERE id > 0')).toEqual([[1]]);
  });

  it("does not wait for another gateway's: its lease, its sums and its claims can all be locked", async () => {
    const stuck = await schemas.open({ schema });
    await stuck.release(requestOf('stuck'));
    const id = await youngest();
    const admin = await schemas.client();
    await admin.query('BEGIN');
    for (const table of ['holder WHERE id =', 'movement WHERE holder =', 'claim WHERE holder =']) {
      await admin.query(`SELECT 1 FROM "${schema}".${table} $1 FOR UPDATE`, [id]);
    }
    const ledger = await schemas.open({ schema, leaseMs });
    const own = await youngest();
    const before = await leaseOf(own);
    for (let n = 0; n < 50; n++) expect(await ledger.deliver(requestOf(n))).toMatchObject({ ok: true });
    await until(async () => (await leaseOf(own)) > before);
    await ledger.close();
    // The other one does wait: what was locked is what it uses.
    const waits = stuck.deliver(requestOf('waits'));
    await until(async () => {
      const rows = await sql(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
        [schema],
      );
      return rows.length > 0;
    });
    await admin.query('ROLLBACK');
    expect(await waits).toMatchObject({ ok: true });
  });

  it('a process that was stopped for longer than its lease: what was taken over from it, it cannot commit', async () => {
    const ledger = await schemas.open({ schema });
    const child = await gateway();
    expect(await tell(child, 'claim', 'once')).toBe('ok');
    expect(await tell(child, 'deliver', 'leaving')).toBe('ok');
    const { challengeId } = requestOf('once');
    // Until it is stopped it renews its lease, on a busy machine now and then too late.
    await until(async () => (await ledger.find(challengeId))?.hold === 'theirs');
    child.kill('SIGSTOP');
    await until(async () => (await ledger.find(challengeId))?.hold === 'orphaned');
    // What it had sent before may renew its lease once more.
    const taken = await until(async () => {
      const result = await ledger.claim(requestOf('once'), true);
      return result.ok && result;
    });
    const settled = tell(child, 'settle', 'once');
    child.kill('SIGCONT');
    // Refused; as a heartbeat may have found out before, either as fenced or as somebody who holds nothing.
    expect(['ledger_unavailable', 'ledger_conflict']).toContain(await settled);
    expect(await tell(child, 'answered', 'leaving')).toMatch(/^ledger_(conflict|unavailable)$/);
    expect(await ledger.find(challengeId)).toMatchObject({ state: 'claimed', hold: 'mine' });
    // It serves again, as another holder.
    await until(async () => (await tell(child, 'deliver', 'anew')) === 'ok');
    await ledger.settle(taken.seq, 9);
    expect(await ledger.find(challengeId)).toMatchObject({ state: 'delivered' });
  });

  it('a process that was killed: its claims wait for its lease, then are orphans', async () => {
    const ledger = await schemas.open({ schema });
    const child = await gateway();
    await tell(child, 'claim', 'killed');
    child.kill('SIGKILL');
    await until(async () => (await ledger.claim(requestOf('killed'), true)).ok);
  });

  it('a process that was stopped in mid-transaction: is alive until the server has ended that, and then commits nothing', async () => {
    const ledger = await schemas.open({ schema });
    const child = await gateway();
    await tell(child, 'claim', 'before');
    // Its next transaction waits for a key; while it waits the process is stopped, and the server goes on without it.
    const admin = await schemas.client();
    const { challengeId, reference } = requestOf('key');
    await admin.query('BEGIN');
    await admin.query(
      `INSERT INTO "${schema}".claim (kind, state, holder, paid, attempts, redeliveries, expires, created, updated, challenge, reference, resource)
       VALUES (1, 3, 0, 1, 0, 0, 0, 0, 0, $1, $2, '')`,
      [storedChallenge(challengeId), storedReference(reference)],
    );
    const delivered = tell(child, 'deliver', 'key');
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`;
    const pid = await until(async () => (await sql(waiting, [schema]))[0]?.[0]);
    child.kill('SIGSTOP');
    await until(async () => (await ledger.find(requestOf('before').challengeId))?.hold === 'orphaned');
    // Its lease has run out, and its transaction holds its own row.
    expect(await ledger.claim(requestOf('before'), true)).toMatchObject({
      ok: false,
      claim: { hold: 'theirs' },
    });
    await admin.query('ROLLBACK');
    const active = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`;
    await until(async () => (await sql(active, [pid])).length === 0);
    // It has appended the claim too, and lacks nothing but the COMMIT, until the server ends it
    // (idle_in_transaction_session_timeout): which of the two comes before we look is up to the machine.
    await until(async () => {
      const taken = await ledger.claim(requestOf('before'), true);
      if (!taken.ok) expect(taken.claim.hold).toBe('theirs');
      return taken.ok;
    });
    child.kill('SIGCONT');
    expect(await delivered).toBe('ledger_unavailable');
    expect(await ledger.find(challengeId)).toBeUndefined();
    expect(await ledger.deliver(requestOf('key'))).toMatchObject({ ok: true });
  });
});
