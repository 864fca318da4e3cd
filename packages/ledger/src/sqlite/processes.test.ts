import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliverChild } from '../testing/child.js';
import { type LedgerFolder, ledgerFolder, readSql } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
beforeEach(() => {
  at = ledgerFolder();
});
afterEach(() => at.remove());

/** Each round starts a process, which on a machine with much else to do takes as long as a test may. */
const eightStarts = { timeout: 600_000 };
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const canTrace = has('strace', '-f', '-e', 'trace=none', 'true');
const canLimit = has('prlimit', '--version') && has('bash', '-c', "trap '' XFSZ; ulimit -f 64");
const isRoot = process.getuid?.() === 0;
const canDropRoot =
  isRoot && has('setpriv', '--reuid=65534', '--clear-groups', process.execPath, '--version');

describe('another process', () => {
  it(
    'killed with -9 at random moments: every acknowledged claim is there, exactly once',
    eightStarts,
    async () => {
      const delivered = new Set<number>();
      const answered = new Set<number>();
      for (let round = 0; round < 8; round++) {
        const child = deliverChild([at.path, round * 1_000_000, 'Infinity', 16]);
        await child.said(1 + Math.floor(Math.random() * 400));
        child.process.kill('SIGKILL');
        expect(await child.ended).toBeNull();
        for (const line of child.lines) {
          const [what, n] = line.split(' ');
          if (what === 'delivered') delivered.add(Number(n));
          else if (what === 'answered') answered.add(Number(n));
          else expect(line).toBe('nothing else');
        }
        // At once: the kernel has freed the lock. Opening checks that no key is there twice.
        const ledger = await openSqliteLedger(at);
        // All at once: it may have delivered many more than it was waited for.
        const look = async (n: number): Promise<void> => {
          const claim = await ledger.find(requestOf(n).challengeId);
          expect(claim?.reference).toBe(requestOf(n).reference);
          // A mark may have been recorded though its acknowledgement was not.
          expect(answered.has(n) ? ['answered'] : ['delivered', 'answered']).toContain(claim?.state);
          expect((await ledger.deliver(requestOf(n))).ok).toBe(false);
        };
        await Promise.all([...delivered].map(look));
        await ledger.close();
      }
      expect(delivered.size).toBeGreaterThan(8);
      expect(answered.size).toBeGreaterThan(0);
      const counts =
        'SELECT count(*) = count(DISTINCT challenge), count(*) = count(DISTINCT reference) FROM claim';
      expect(readSql(at.path, counts)).toEqual([[1, 1]]);
      expect(readSql(at.path, 'PRAGMA integrity_check')).toEqual([['ok']]);
    },
  );

  it('is refused while we have the ledger', async () => {
    const ledger = await openSqliteLedger(at);
    // A failed attempt of our own must not have cost us the lock, as closing a locked file does (POSIX).
    await expect(openSqliteLedger(at)).rejects.toMatchObject({ code: 'ledger_locked' });
    const child = deliverChild([at.path, 0, 1]);
    await child.ended;
    expect(child.lines).toEqual(['refused ledger_locked SQLITE_BUSY', 'done']);
    await ledger.close();
  });

  it('ends by itself when it has nothing more to do, with every answer given', async () => {
    const child = deliverChild([at.path, 0, 100, 10]);
    expect(await child.ended).toBe(0);
    expect(child.lines.filter((line) => line.startsWith('delivered'))).toHaveLength(100);
    expect(child.lines.filter((line) => line.startsWith('answered'))).toHaveLength(50);
  });

  it.skipIf(!canTrace)('syncs the disk for every commit (strace)', async () => {
    const trace = join(at.folder, 'trace');
    const child = deliverChild(
      [at.path, 1, 40, 1],
      ['strace', '-f', '-e', 'trace=fdatasync,fsync', '-o', trace],
    );
    expect(await child.ended).toBe(0);
    // One in flight at a time: 40 delivers cannot share a commit, so there are 40 syncs at least.
    expect(readFileSync(trace, 'utf8').match(/(fdatasync|fsync)\(/g)?.length).toBeGreaterThanOrEqual(40);
  });

  it.skipIf(!canLimit)(
    'out of disk space: refuses, then goes on where it is given more (prlimit)',
    async () => {
      // A limit on the size of its files, in KiB, stands in for a full disk: writes fail in the same place.
      const limited = ['bash', '-c', 'trap "" XFSZ; ulimit -S -f 128; exec "$@"', 'bash'];
      const child = deliverChild([at.path, 0, 'Infinity', 4], limited);
      const refusedFrom = async (): Promise<number> => {
        for (let seen = 1; ; seen++) {
          await child.said(seen);
          if (child.lines[seen - 1]?.startsWith('refused')) return seen;
          if (seen > child.lines.length) throw new Error('it was never refused');
        }
      };
      const refused = await refusedFrom();
      expect(child.lines[refused - 1]).toMatch(/^refused ledger_unavailable SQLITE_(FULL|IOERR)/);
      spawnSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited']);
      // What it said before it had more is still on its way to us: refusals by the thousand, perhaps.
      const deliveredSinceRefusal = (): number => {
        const lastRefusal = child.lines.findLastIndex((line) => line.startsWith('refused'));
        return child.lines.slice(lastRefusal).filter((line) => line.startsWith('delivered')).length;
      };
      while (deliveredSinceRefusal() < 500 && child.process.exitCode === null) {
        await child.said(child.lines.length + 500);
      }
      expect(deliveredSinceRefusal()).toBeGreaterThanOrEqual(500);
      child.process.kill('SIGKILL');
      await child.ended;
      const ledger = await openSqliteLedger(at);
      const look = async (line: string): Promise<void> => {
        const [what, n, seq] = line.split(' ');
        if (what !== 'delivered') return;
        expect(await ledger.find(requestOf(Number(n)).challengeId)).toMatchObject({ seq: Number(seq) });
      };
      await Promise.all(child.lines.map(look));
      await ledger.close();
    },
  );

  it.skipIf(isRoot && !canDropRoot)('read-only: says so; serves when it may write again', async () => {
    await (await openSqliteLedger(at)).close();
    // Root may write to anything, so a root that runs this test becomes somebody else.
    const through = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];
    if (isRoot) for (const suffix of ['', '.lock']) chownSync(at.path + suffix, 65534, 0);
    if (isRoot) chownSync(at.folder, 65534, 0);
    chmodSync(at.path, 0o400);
    const refused = deliverChild([at.path, 0, 1], through);
    await refused.ended;
    expect(refused.lines[0]).toBe('refused ledger_unopenable EACCES');
    chmodSync(at.path, 0o600);
    const served = deliverChild([at.path, 0, 1], through);
    await served.ended;
    expect(served.lines).toContain('delivered 0 1');
  });
});
