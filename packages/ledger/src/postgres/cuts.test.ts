import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerReader } from '../books.js';
import type { Claim, ClaimResult, StoredAnswer, SweepTerms } from '../ledger.js';
import { privatePostgresMissing } from '../testing/postgres-server.js';
import { requestOf } from '../testing/requests.js';
import type { PostgresLedger } from './ledger.js';
import { openPostgresReader } from './open-reader.js';
import { type CuttingProxy, cuttingProxy } from './testing/cutting-proxy.js';
import { Schemas, titled } from './testing/schemas.js';
import { until } from './testing/until.js';

const answer: StoredAnswer = { status: 200, headers: ['a', 'b'], body: Buffer.from('body') };
const nowMs = 1_700_000_000_000;
const sweepTerms: SweepTerms = {
  nowMs: nowMs + 1000,
  redemptionWindowMs: 1,
  replayWindowMs: 1,
  retentionMs: 1_000_000,
  rowsMax: 100,
};

/** The longest: no heartbeat is among the statements that are counted, however slow this machine is. */
const leaseMs = 3_600_000;
const underWay = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'farebox' AND state <> 'idle'`;

type Step = (ledger: PostgresLedger, name: string, seq: number) => Promise<unknown>;

const nothing: Step = async () => {};
const seqOf = (result: ClaimResult): number => (result.ok ? result.seq : 0);
const claim: Step = (ledger, name) => ledger.claim(requestOf(name));
const deliver: Step = (ledger, name) => ledger.deliver(requestOf(name), answer);
const release: Step = (ledger, name) => ledger.release(requestOf(name));
const unknown: Step = async (ledger, name) =>
  await ledger.unknown(seqOf(await ledger.claim(requestOf(name))), nowMs);

/** What a claim must look like, before or after. */
type Shape = Partial<Claim> | undefined;

// Each verb: what comes before it, and the claim before and after it.
const verbs: readonly (readonly [string, Step, Step, Shape, Shape])[] = [
  ['claim', nothing, claim, undefined, { state: 'claimed' }],
  ['deliver', nothing, deliver, undefined, { state: 'delivered', answerKept: true }],
  [
    'deliver a credit',
    release,
    deliver,
    { state: 'released' },
    { state: 'delivered', answerKept: true, attempts: 1 },
  ],
  ['release', claim, release, { state: 'claimed', attempts: 0 }, { state: 'released', attempts: 1 }],
  [
    'settle',
    claim,
    (ledger, _, seq) => ledger.settle(seq, nowMs, answer),
    { state: 'claimed', answerKept: false },
    { state: 'delivered', answerKept: true },
  ],
  [
    'unknown',
    claim,
    (ledger, _, seq) => ledger.unknown(seq, nowMs),
    { state: 'claimed' },
    { state: 'unknown' },
  ],
  [
    'abandon',
    claim,
    (ledger, name) => ledger.abandon(requestOf(name).challengeId, nowMs),
    { state: 'claimed' },
    { state: 'released', attempts: 1 },
  ],
  [
    'answered',
    deliver,
    (ledger, _, seq) => ledger.answered(seq, nowMs),
    { state: 'delivered' },
    { state: 'answered' },
  ],
  [
    'cut',
    deliver,
    (ledger, _, seq) => ledger.cut(seq, nowMs, true),
    { state: 'delivered', attempts: 0 },
    { state: 'cut', attempts: 1 },
  ],
  [
    'redeliver',
    deliver,
    (ledger, _, seq) => ledger.redeliver(seq, 3, nowMs),
    { state: 'delivered', redeliveries: 0 },
    { state: 'delivered', redeliveries: 1 },
  ],
  [
    'resolve',
    unknown,
    (ledger, _, seq) => ledger.resolve(seq, 'released', nowMs),
    { state: 'unknown', attempts: 0 },
    { state: 'released', attempts: 1 },
  ],
  [
    'refund',
    release,
    (ledger, _, seq) => ledger.refund(seq, nowMs),
    { state: 'released' },
    { state: 'refunded' },
  ],
  ['sweep', release, (ledger) => ledger.sweep(sweepTerms), { state: 'released' }, { state: 'expired' }],
];

describe.skipIf(privatePostgresMissing !== undefined)(
  titled('PostgreSQL: cut between every two statements', privatePostgresMissing),
  () => {
    let schemas: Schemas;
    let proxy: CuttingProxy;
    let ledger: PostgresLedger;
    let reader: LedgerReader;
    beforeAll(async () => {
      schemas = await Schemas.on('private');
    });
    afterAll(() => schemas.dispose());
    beforeEach(async () => {
      proxy = await cuttingProxy(schemas.server.url);
      const schema = schemas.name();
      ledger = await schemas.open({ url: proxy.url, schema, leaseMs, reconnectDelayMaxMs: 20 });
      reader = await openPostgresReader({ url: schemas.server.url, schema });
    });
    afterEach(async () => {
      await reader.close();
      await schemas.clear();
      await proxy.close();
    });

    const found = (name: string): Promise<{ readonly claim: Claim | undefined }> =>
      until(() =>
        ledger.find(requestOf(name).challengeId).then(
          (claim) => ({ claim }),
          () => undefined,
        ),
      );

    it.each(verbs)('%s: all of it or nothing, and the books agree', async (verb, before, act, from, to) => {
      let cuts = 0;
      let lostCommits = 0;
      for (let statement = 1; ; statement++) {
        const name = `${verb} ${statement}`;
        await before(ledger, name, 0);
        const { claim } = await found(name);
        expect(claim ?? {}).toMatchObject(from ?? {});
        proxy.cutBehind(statement);
        const done = await act(ledger, name, claim?.seq ?? 0).then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'ledger_unavailable' });
            return false;
          },
        );
        const wasCut = proxy.stop();
        // What was sent and is not answered may be under way still.
        await until(async () => (await schemas.server.sql(underWay)).length === 0);
        const after = (await found(name)).claim;
        // Refused, it may have happened: when it was cut behind its COMMIT.
        const happened = to?.state === after?.state && (after === undefined || isLike(after, to));
        if (!happened) expect(after === undefined ? undefined : isLike(after, from)).toBe(from && true);
        if (done) expect(happened).toBe(true);
        else if (happened) lostCommits++;
        expect(await reader.audit()).toEqual({ faults: [], partial: false });
        if (!wasCut) break;
        cuts++;
      }
      expect(cuts).toBeGreaterThanOrEqual(5);
      expect(lostCommits).toBe(1);
    });
  },
);

function isLike(claim: Claim, shape: Shape): boolean {
  return Object.entries(shape ?? {}).every(([name, value]) => Reflect.get(claim, name) === value);
}
