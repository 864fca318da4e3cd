import { join } from 'node:path';
import { createGateway, createLogger } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import { configOf } from './gateway-config.js';
import type { FromGateway, ToGateway } from './gateway-messages.js';
import { seededNode } from './seeded-node.js';

// A gateway in a process of its own: its memory and its handles are nobody else's. Needs --expose-gc.
// Words: folder for the ledger, seed of the node, upstreams.

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

async function answer(message: ToGateway): Promise<void> {
  switch (message.ask) {
    case 'memory':
      return tell(memoryNow());
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
