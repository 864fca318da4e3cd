import { writeSync } from 'node:fs';
import { startDevnet } from '../devnet.js';

// A devnet that pays as fast as it can until it is killed. Every success is reported only once it is known, so
// that the parent may demand it back after the next start.

const directory = process.argv[2];
if (directory === undefined) throw new Error('Usage: node crash-child.js <directory>');
const report = (line: string) => writeSync(1, `${line}\n`);

const devnet = await startDevnet({ directory, log: (line) => report(`log ${line}`) });
report('ready');

async function payForever(): Promise<never> {
  for (;;) {
    const { invoice, paymentHash } = await devnet.merchant.createInvoice({
      amountMsat: 1000n,
      description: 'crash test, regtest',
      expirySeconds: 600,
    });
    report(`made ${paymentHash}`);
    const paid = await devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 90_000 });
    report(
      paid.status === 'succeeded'
        ? `paid ${paymentHash} ${paid.preimage}`
        : `lost ${paymentHash} ${paid.status}`,
    );
  }
}

await Promise.all(Array.from({ length: 5 }, payForever));
