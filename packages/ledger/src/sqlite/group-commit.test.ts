import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerFolder, ledgerFolder } from '../testing/files.js';
import { requestOf } from '../testing/requests.js';
import { pendingOpsMax, type SqliteLedger } from './ledger.js';
import { openSqliteLedger } from './open.js';

let at: LedgerFolder;
let ledger: SqliteLedger;
beforeEach(async () => {
  at = ledgerFolder();
  ledger = await openSqliteLedger(at);
});
afterEach(async () => {
  await ledger.close();
  at.remove();
});

describe('group commit', () => {
  it('one turn of the event loop, one commit', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => ledger.deliver(requestOf(n))));
    expect(ledger.stats).toEqual({ commits: 1, operations: 500 });
  });

  it('64 in flight: far fewer commits than operations', async () => {
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < 4000) {
        const result = await ledger.deliver(requestOf(next++));
        if (result.ok) void ledger.answered(result.seq, 1);
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
    await ledger.totals();
    const { commits, operations } = ledger.stats;
    expect(operations).toBe(8001);
    expect(operations / commits).toBeGreaterThan(16);
  });

  it('one at a time: each has a commit of its own', async () => {
    for (let n = 0; n < 20; n++) await ledger.deliver(requestOf(n));
    expect(ledger.stats).toEqual({ commits: 20, operations: 20 });
  });

  it('reads and refusals commit nothing', async () => {
    await ledger.deliver(requestOf(1));
    const seen = [ledger.find(requestOf(1).challengeId), ledger.deliver(requestOf(1)), ledger.totals()];
    await Promise.all(seen);
    expect(ledger.stats).toEqual({ commits: 1, operations: 4 });
  });

  it('bounds what may wait', async () => {
    const waiting = Array.from({ length: pendingOpsMax }, () => ledger.find(requestOf(1).challengeId));
    await expect(ledger.deliver(requestOf(1))).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await Promise.all(waiting);
    expect((await ledger.deliver(requestOf(1))).ok).toBe(true);
  });
});
