import { writeSync } from 'node:fs';
import { openSqliteLedger } from '../sqlite/open.js';
import { patienceMs } from './files.js';
import { requestOf } from './requests.js';

// A process for tests to kill, limit or count: `node deliver-child.js <path> <first> <count> <in flight>`.
// Says `delivered <n> <seq>` and `answered <n>` only after the ledger did, at once and unbuffered, then `refused <code>`
// for each refusal, then `done`; it does not close its ledger.

const [path = '', first = '0', count = 'Infinity', width = '1'] = process.argv.slice(2);
const say = (line: string): unknown => writeSync(1, `${line}\n`);
const last = Number(first) + Number(count);
let next = Number(first);

const ledger = await openSqliteLedger({ path, patienceMs }).catch((error: unknown) => {
  say(`refused ${codeOf(error)}`);
  return undefined;
});

async function deliverMany(): Promise<void> {
  while (ledger !== undefined && next < last) {
    const n = next++;
    try {
      const result = await ledger.deliver(requestOf(n));
      if (!result.ok) throw new Error(`${n} was there already`);
      say(`delivered ${n} ${result.seq}`);
      if (n % 2 === 0) void ledger.answered(result.seq, 1).then(() => say(`answered ${n}`), ignore);
    } catch (error) {
      say(`refused ${codeOf(error)}`);
    }
  }
}

await Promise.all(Array.from({ length: Number(width) }, deliverMany));
say('done');

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const codes = [error, cause].map((each) =>
    each instanceof Error && 'code' in each ? String(each.code) : 'none',
  );
  return codes.join(' ');
}

function ignore(): void {}
