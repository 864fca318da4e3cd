import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimRequest, ClaimResult } from '../ledger.js';
import { postgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { Schemas, titled } from './testing/schemas.js';

const count = 500;

describe.skipIf(postgresMissing !== undefined)(
  titled('two ledgers, crossing batches', postgresMissing),
  () => {
    let schemas: Schemas;
    let first: PostgresLedger;
    let second: PostgresLedger;
    beforeAll(async () => {
      schemas = await Schemas.on();
    });
    afterAll(() => schemas.dispose());
    beforeEach(async () => {
      const schema = schemas.name();
      first = await schemas.open({ schema });
      second = await schemas.open({ schema });
    });
    afterEach(() => schemas.clear());

    const numbers = Array.from({ length: count }, (_, n) => n);
    const wins = (results: readonly ClaimResult[]): number => results.filter((result) => result.ok).length;
    const deliverAll = (ledger: PostgresLedger, requests: readonly ClaimRequest[]): Promise<ClaimResult[]> =>
      Promise.all(requests.map((request) => ledger.deliver(request)));

    it('the same new claims in opposite orders: appended in one order, nobody tries again', async () => {
      for (let round = 0; round < 5; round++) {
        const requests = numbers.map((n) => requestOf(`${round} ${n}`));
        const results = await Promise.all([
          deliverAll(first, requests),
          deliverAll(second, [...requests].reverse()),
        ]);
        expect(wins(results.flat())).toBe(count);
      }
      expect([first.stats.retries, second.stats.retries]).toEqual([0, 0]);
    });

    it('the same credits in opposite orders: locked in one order, nobody tries again', async () => {
      for (let round = 0; round < 5; round++) {
        const requests = numbers.map((n) => requestOf(`${round} ${n}`));
        await Promise.all(requests.map((request) => first.release(request)));
        const results = await Promise.all([
          Promise.all(requests.map((request) => first.claim(request))),
          Promise.all([...requests].reverse().map((request) => second.claim(request))),
        ]);
        expect(wins(results.flat())).toBe(count);
      }
      expect([first.stats.retries, second.stats.retries]).toEqual([0, 0]);
    });

    it('a lower row that must be locked too: begun anew rather than locked out of order', async () => {
      await first.release(requestOf('low'));
      const high = await first.deliver(requestOf('high'));
      if (!high.ok) throw new Error('it was absent');
      await Promise.all([first.answered(high.seq, 5), first.deliver(requestOf('low'))]);
      expect(first.stats.retries).toBe(1);
      expect(await second.find(requestOf('high').challengeId)).toMatchObject({ state: 'answered' });
      expect(await second.find(requestOf('low').challengeId)).toMatchObject({ state: 'delivered' });
    });

    it('payments that cross: PostgreSQL ends one, which is tried again; one ok for each payment', async () => {
      // Each appends in the order of its challenges; the payments run up in one batch and down in the other.
      const ordered = (name: string, payments: readonly number[]): ClaimRequest[] => {
        const requests = numbers.map((n) => requestOf(`${name} ${n}`));
        requests.sort((a, b) => (a.challengeId < b.challengeId ? -1 : 1));
        return requests.map((request, n) => ({
          ...request,
          reference: requestOf(0, `${round} ${payments[n]}`).reference,
        }));
      };
      let round = 0;
      // Whether the two meet in the middle is up to the machine: go on until they did.
      for (; first.stats.retries + second.stats.retries === 0 && round < 200; round++) {
        const [up, down] = [
          ordered(`up ${round}`, numbers),
          ordered(
            `down ${round}`,
            numbers.map((n) => count - 1 - n),
          ),
        ];
        const results = await Promise.all([deliverAll(first, up), deliverAll(second, down)]);
        expect(wins(results.flat())).toBe(count);
        for (const result of results.flat()) if (!result.ok) expect(result.by).toBe('reference');
      }
      expect(first.stats.retries + second.stats.retries).toBeGreaterThan(0);
    });
  },
);
