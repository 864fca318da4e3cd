import { writeSync } from 'node:fs';
import { openSqliteLedger } from '../sqlite/open.js';
import { patienceMs } from './files.js';
import { live } from './lives.js';

// A process for tests to kill: `node life-child.js <path> <first> <in flight>`. Leads one claim after the other through its
// life (`lives.ts`), and sweeps without touching them. Says `<n> <step>` only after the ledger has acknowledged the step.

const [path = '', first = '0', width = '1'] = process.argv.slice(2);
const ledger = await openSqliteLedger({ path, patienceMs });
let next = Number(first);
const farMs = 9_000_000_000_000;

async function manyLives(): Promise<never> {
  for (;;) {
    const n = next++;
    await live(ledger, n, (step) => writeSync(1, `${n} ${step}\n`));
    if (n % 16 === 0)
      await ledger.sweep({
        nowMs: farMs,
        redemptionWindowMs: farMs,
        replayWindowMs: farMs,
        retentionMs: farMs,
        rowsMax: 100,
      });
  }
}

await Promise.all(Array.from({ length: Number(width) }, manyLives));
