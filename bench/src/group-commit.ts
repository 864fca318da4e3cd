import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type ClaimRequest, type LedgerStats, openPostgresLedger, openSqliteLedger } from '@farebox/ledger';
// The server for tests belongs to the ledger's own tests and is not published with it.
import { postgresMissing, testPostgres } from '../../packages/ledger/dist/testing/postgres-server.js';

/** Delivers that wait at a time. */
const inFlight = 64;
/** What is added to each commit, milliseconds: none, and what an ordinary cloud disk takes. */
const addedMs = [0, 2] as const;

/** How many durable delivers a second a store makes, sharing commits and not. */
export interface GroupCommitReport {
  readonly store: 'sqlite' | 'postgres';
  readonly addedMs: number;
  /** Durable delivers a second with group commit, and how many shared one commit. */
  readonly together: { readonly perSecond: number; readonly perCommit: number };
  /** The same with a transaction for each. */
  readonly alone: { readonly perSecond: number; readonly perCommit: number };
}

/** A ledger, as far as it is measured. */
interface Measured {
  deliver(request: ClaimRequest): Promise<unknown>;
  readonly stats: LedgerStats;
  close(): Promise<void>;
}

/** Group commit against one transaction a claim, 64 delivers in flight, on both stores, in one run. */
export async function measureGroupCommit(directory: string, measureMs: number): Promise<GroupCommitReport[]> {
  const reports: GroupCommitReport[] = [];
  for (const syncDelayMs of addedMs) {
    const open = (name: string, more: { readonly batchOpsMax?: number }) =>
      openSqliteLedger({ path: join(directory, `${name}-${syncDelayMs}.db`), syncDelayMs, ...more });
    const together = await rateOf(await open('together', {}), measureMs);
    const alone = await rateOf(await open('alone', { batchOpsMax: 1 }), measureMs);
    reports.push({ store: 'sqlite', addedMs: syncDelayMs, together, alone });
  }
  if (postgresMissing !== undefined) return reports;
  const server = await testPostgres();
  try {
    for (const delayMs of addedMs) {
      // The server waits so long before each sync.
      const options = encodeURIComponent(`-c commit_delay=${delayMs * 1_000} -c commit_siblings=0`);
      const url = `${server.url}${server.url.includes('?') ? '&' : '?'}options=${options}`;
      const together = await rateOf(
        await openPostgresLedger({ url, schema: `together_${delayMs}` }),
        measureMs,
      );
      const single = { url, schema: `alone_${delayMs}`, batchOpsMax: 1 };
      const alone = await rateOf(await openPostgresLedger(single), measureMs);
      reports.push({ store: 'postgres', addedMs: delayMs, together, alone });
    }
  } finally {
    await server.dispose();
  }
  return reports;
}

async function rateOf(ledger: Measured, measureMs: number): Promise<GroupCommitReport['together']> {
  let number = 0;
  let delivered = 0;
  const endMs = performance.now() + measureMs;
  const deliver = async () => {
    while (performance.now() < endMs) {
      await ledger.deliver(requestOf(number++));
      delivered++;
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, deliver));
  const perSecond = delivered / ((performance.now() - startMs) / 1_000);
  const { commits } = ledger.stats;
  await ledger.close();
  return { perSecond, perCommit: delivered / commits };
}

function requestOf(number: number): ClaimRequest {
  return {
    challengeId: createHash('sha256').update(`challenge ${number}`).digest('base64url'),
    reference: createHash('sha256').update(`payment ${number}`).digest('hex'),
    method: 'lightning',
    intent: 'charge',
    paid: { amount: 1n, currency: 'sat' },
    route: 'GET /v1/paid/*',
    resource: 'GET /v1/paid/price',
    expiresMs: 1_700_000_300_000,
    nowMs: 1_700_000_000_000,
  };
}
