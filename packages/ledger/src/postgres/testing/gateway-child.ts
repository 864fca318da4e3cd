import type { ClaimResult } from '../../ledger.js';
import { requestOf } from '../../testing/requests.js';
import { openPostgresLedger } from '../open.js';
import { patient } from './patient.js';

// A gateway of its own for tests: `node gateway-child.js <url> <schema>`, started with fork(). Says `open`, then answers
// every list of [challenge, payment] with what became of each when all were delivered at once. Without a parent to talk
// to it delivers ten claims and does not close its ledger.

const [url = '', schema = ''] = process.argv.slice(2);
const ledger = await openPostgresLedger({ url, schema, ...patient });

async function deliver(pairs: readonly (readonly [string, string])[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(
    pairs.map(([challenge, payment]) => ledger.deliver(requestOf(challenge, payment))),
  );
  return results.map((result) =>
    result.status === 'fulfilled' ? said(result.value) : String(result.reason),
  );
}

function said(result: ClaimResult): string {
  return result.ok ? 'ok' : `taken by ${result.by}`;
}

if (process.send === undefined) {
  const results = await deliver(Array.from({ length: 10 }, (_, n) => [`idle ${n}`, `idle ${n}`] as const));
  console.log(results.join(' '));
} else {
  process.on('message', async (pairs: readonly (readonly [string, string])[]) => {
    process.send?.(await deliver(pairs));
  });
  process.on('disconnect', () => void ledger.close());
  process.send('open');
}
