import { monitorEventLoopDelay } from 'node:perf_hooks';
import { checkConfig, createGateway, createLogger } from '@farebox/gateway';
import { openSqliteLedger } from '@farebox/ledger';
import type { CreatedInvoice, InvoiceRequest } from '@farebox/lightning';
import { PaperNode } from '@farebox/lightning/paper';
import type { FromGateway, ToGateway } from './flood-messages.js';

// The gateway that is flooded, in a process of its own, as it is by default: a real front, a real ledger on disk, and a node
// of paper that takes its time and counts what it is asked. Needs --expose-gc.

const [ledgerPath = '', upstream = '', nodeMs = '50'] = process.argv.slice(2);

class SlowNode extends PaperNode {
  invoices = 0;
  cancels = 0;
  override async createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    this.invoices++;
    await new Promise((resolve) => setTimeout(resolve, Number(nodeMs)));
    return super.createInvoice(request);
  }
  override async cancelInvoice(paymentHash: string): Promise<void> {
    this.cancels++;
    await super.cancelInvoice(paymentHash);
  }
}

const node = new SlowNode();
const ledger = await openSqliteLedger({ path: ledgerPath });
const config = checkConfig({
  realm: 'http://shop.test',
  listen: '127.0.0.1:0',
  lightning: { node: { kind: 'devnet' } },
  upstreams: { api: upstream },
  routes: [{ match: 'GET /paid/*', upstream: 'api', price: '1 sat', description: 'One page' }],
});
const gateway = await createGateway(config, {
  secrets: ['the secret of the flooded gateway, 32 bytes and more'],
  logger: createLogger('warn'),
  ledger,
  node,
});

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let cpu = process.cpuUsage();

function tell(message: FromGateway): void {
  process.send?.(message);
}

async function answer(message: ToGateway): Promise<void> {
  switch (message.ask) {
    case 'figures': {
      const [delayP50, delayP99] = [delay.percentile(50), delay.percentile(99)];
      const { user, system } = process.cpuUsage(cpu);
      globalThis.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      const { invoices, cancels } = node;
      const memory = { heapBytes: heapUsed + external, rssBytes: rss };
      const cpuSeconds = (user + system) / 1e6;
      tell({ tell: 'figures', figures: { invoices, cancels, ...memory, delayP50, delayP99, cpuSeconds } });
      delay.reset();
      cpu = process.cpuUsage();
      return;
    }
    case 'pay': {
      const paid = await node.payInvoice({ invoice: message.invoice, maxFeeMsat: 0n, timeoutMs: 1_000 });
      tell({ tell: 'paid', preimage: paid.status === 'succeeded' ? paid.preimage : '' });
      return;
    }
    case 'close':
      await gateway.close({ drainMs: 1_000 });
      await ledger.close();
      process.disconnect();
  }
}

process.on('message', (message: ToGateway) => void answer(message));
tell({ tell: 'listening', port: (await gateway.listen()).port });
