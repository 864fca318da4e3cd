import { requestOf } from '../../testing/requests.js';
import { openPostgresLedger } from '../open.js';
import { patient } from './patient.js';

// A gateway of its own for tests, started with fork(): `node holder-child.js <url> <schema> <leaseMs>`. Says `open`, then
// does what it is told, one [verb, name] a message, and says what became of it: `ok`, `taken`, or the error's code.

const [url = '', schema = '', leaseMs = ''] = process.argv.slice(2);
const ledger = await openPostgresLedger({
  ...{ url, schema, ...patient },
  ...{ leaseMs: Number(leaseMs), reconnectDelayMaxMs: 100 },
});
const seqs = new Map<string, number>();

async function done(verb: string, name: string): Promise<string> {
  try {
    if (verb === 'settle' || verb === 'answered') {
      await ledger[verb](seqs.get(name) ?? 4_000_000_000, Date.now());
      return 'ok';
    }
    const result = await (verb === 'claim' ? ledger.claim(requestOf(name)) : ledger.deliver(requestOf(name)));
    if (result.ok) seqs.set(name, result.seq);
    return result.ok ? 'ok' : 'taken';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

process.on('message', async ([verb, name]: readonly [string, string]) => {
  process.send?.(await done(verb, name));
});
process.on('disconnect', () => void ledger.close());
process.send?.('open');
