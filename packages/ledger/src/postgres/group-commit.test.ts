import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { Schemas, titled } from './testing/schemas.js';

describe.skipIf(postgresMissing !== undefined)(titled('PostgreSQL: group commit', postgresMissing), () => {
  let schemas: Schemas;
  let ledger: PostgresLedger;
  beforeAll(async () => {
    schemas = await Schemas.on();
  });
  afterAll(() => schemas.dispose());
  beforeEach(async () => {
    ledger = await schemas.open();
  });
  afterEach(() => schemas.clear());

  it('one turn of the event loop, one commit', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => ledger.deliver(requestOf(n))));
    expect(ledger.stats).toMatchObject({ commits: 1, operations: 500, retries: 0 });
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
    await ledger.find(requestOf(0).challengeId);
    const { commits, operations } = ledger.stats;
    expect(operations).toBe(8001);
    expect(operations / commits).toBeGreaterThan(16);
  });

  it('one at a time: each has a commit of its own', async () => {
    for (let n = 0; n < 20; n++) await ledger.deliver(requestOf(n));
    expect(ledger.stats).toMatchObject({ commits: 20, operations: 20 });
  });

  it('reads and refusals commit nothing and lock nothing', async () => {
    await ledger.deliver(requestOf(1));
    const seen = [ledger.find(requestOf(1).challengeId), ledger.deliver(requestOf(1)), ledger.totals()];
    await Promise.all(seen);
    expect(ledger.stats).toMatchObject({ commits: 1, operations: 4 });
  });

  it('decides within one batch in its order', async () => {
    const before = ledger.find(requestOf('a').challengeId);
    const outcomes = await Promise.all([
      ledger.release(requestOf('a', 'p')),
      ledger.find(requestOf('a').challengeId),
      ledger.deliver(requestOf('b', 'p')),
      ledger.deliver(requestOf('a', 'q')),
      ledger.deliver(requestOf('c', 'q')),
      ledger.deliver(requestOf('a', 'p')),
      ledger.claim(requestOf('a', 'p')),
    ]);
    expect(outcomes).toMatchObject([
      { ok: true },
      { state: 'released', attempts: 1 },
      { ok: false, by: 'reference', claim: { state: 'released' } },
      { ok: false, by: 'challenge', claim: { state: 'released' } },
      { ok: true },
      { ok: true },
      { ok: false, by: 'challenge', claim: { state: 'delivered', attempts: 1 } },
    ]);
    expect(await before).toBeUndefined();
    expect(ledger.stats).toMatchObject({ commits: 1, operations: 8 });
  });
});
