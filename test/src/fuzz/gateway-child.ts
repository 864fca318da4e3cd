import { join } from 'node:path';
import { checkConfig, createGateway, createLogger } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import { PaperNode } from '@farebox/lightning/paper';
import type { FromGateway, ToGateway } from './gateway-messages.js';

// The gateway under fuzz, in a process of its own: its memory and its crashes are nobody else's. A real front, a real
// ledger on disk, and a node of paper whose invoices are signed beforehand and handed out again and again, so that the
// run measures the gateway and not the signing. Needs --expose-gc.

const [directory = '', upstream = '', secret = ''] = process.argv.slice(2);
const challengeLifeSeconds = 3_600;
/** What the seller's method asks for on top: the pool must be asked for exactly what it was made for. */
const invoiceGraceSeconds = 5;
const invoicesCount = 64;

const node = new PaperNode();
const expirySeconds = challengeLifeSeconds + invoiceGraceSeconds;
node.premint(invoicesCount, { amountMsat: 1_000n, description: '', expirySeconds }, { reuse: true });
const ledger = await openSqliteLedger({ path: join(directory, 'farebox.db') });
const config = checkConfig({
  realm: 'http://shop.test',
  listen: '127.0.0.1:0',
  challenge_life: `${challengeLifeSeconds}s`,
  mint_budget: 'off',
  lightning: { node: { kind: 'devnet' }, pool: 'off' },
  upstreams: { api: upstream },
  routes: [
    { match: 'ANY /paid/*', upstream: 'api', price: '1 sat' },
    { match: 'ANY /free/*', upstream: 'api', price: 'free' },
  ],
});
const gateway = await createGateway(config, {
  secrets: [secret],
  logger: createLogger('warn'),
  ledger,
  node,
});
const { port } = await gateway.listen();

function tell(message: FromGateway): void {
  process.send?.(message);
}

async function answer(message: ToGateway): Promise<void> {
  switch (message.ask) {
    case 'memory': {
      // Twice: the first frees what the second can then see to be free.
      globalThis.gc?.();
      globalThis.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      return tell({ tell: 'memory', heapBytes: heapUsed + external, rssBytes: rss });
    }
    case 'preimage':
      return tell({ tell: 'preimage', preimage: node.preimageOf(message.paymentHash) ?? '' });
    case 'claims':
      return tell({
        tell: 'claims',
        count: (await ledger.totals()).reduce((sum, { count }) => sum + count, 0),
      });
    case 'close':
      await gateway.close({ drainMs: 1_000 });
      await ledger.close();
      process.disconnect();
  }
}

process.on('message', (message: ToGateway) => void answer(message));
tell({ tell: 'listening', port });
