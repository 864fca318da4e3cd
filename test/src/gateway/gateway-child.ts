import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Worker } from 'node:worker_threads';
import { createGateway, createLogger } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import { configOf } from './gateway-config.js';
import type { FromGateway, ToGateway } from './gateway-messages.js';
import { seededNode } from './seeded-node.js';

// A gateway in a process of its own: its memory and its handles are nobody else's. Needs --expose-gc.
// Words: folder for the ledger, seed of the node, upstreams.

const threads: Worker[] = [];
process.on('worker', (worker: Worker) => threads.push(worker));

const [folder = '', seed = '', ...upstreams] = process.argv.slice(2);
const ledger = await openSqliteLedger({ path: join(folder, 'farebox.db') });
const gateway = await createGateway(configOf(upstreams, 0), {
  secrets: ['a secret for loads and reloads, 32 bytes and more'],
  logger: createLogger('error'),
  ledger,
  node: seededNode(seed),
});
const { port } = await gateway.listen();

function tell(message: FromGateway): void {
  process.send?.(message);
}

/** Twice: the first frees what the second can then see to be free. */
function memoryNow(): FromGateway {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().filter((name) => !name.includes('Timeout')).length;
  return { tell: 'memory', heapBytes: heapUsed + external, rssBytes: rss, handles };
}

/** What a thread holds, tables outside of its heap included: only a snapshot says so on every version of Node. */
async function heapOf(thread: Worker): Promise<number> {
  const read = await json(await thread.getHeapSnapshot());
  // The format of V8: the fields of all nodes, one after the other.
  const { snapshot, nodes } = read as { snapshot: { meta: { node_fields: string[] } }; nodes: number[] };
  const { node_fields: fields } = snapshot.meta;
  let bytes = 0;
  for (let at = fields.indexOf('self_size'); at < nodes.length; at += fields.length) bytes += nodes[at] ?? 0;
  return bytes;
}

async function answer(message: ToGateway): Promise<void> {
  switch (message.ask) {
    case 'memory':
      return tell(memoryNow());
    case 'ledger-memory': {
      // The only thread of this process is the ledger's.
      const heaps = await Promise.all(threads.map(heapOf));
      return tell({ tell: 'ledger-memory', bytes: heaps.reduce((sum, bytes) => sum + bytes, 0) });
    }
    case 'totals': {
      const totals = await ledger.totals();
      const claims = totals.map(({ state, count, paid }) => ({ state, count, paid: String(paid.amount) }));
      return tell({ tell: 'totals', claims });
    }
    case 'reload':
      await gateway.reload(configOf(upstreams, message.version));
      return tell({ tell: 'reloaded', version: message.version });
    case 'close':
      await gateway.close({ drainMs: 5_000 });
      await ledger.close();
      process.disconnect();
  }
}

process.on('message', (message: ToGateway) => void answer(message));
tell({ tell: 'listening', port });
