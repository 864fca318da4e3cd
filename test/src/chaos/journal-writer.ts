import type { PaymentPlan } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';

// A wallet process that writes down one payment and ends, or is killed with the journal open.

const [path = '', name = '', end = ''] = process.argv.slice(2);
const plan: PaymentPlan = {
  challenge: { id: `challenge-${name}`, realm: 'r', method: 'lightning', intent: 'charge', request: 'e30' },
  price: { amount: 1n, currency: 'sat' },
  maxFee: { amount: 0n, currency: 'sat' },
  payee: 'nobody',
  network: 'regtest',
  reference: `reference-${name}`,
  expiresMs: Date.now() + 60_000,
  payDeadlineMs: Date.now() + 30_000,
};
const journal = openJournal({ path });
if (!journal.plan(plan, Date.now()).ok) throw new Error('It was planned before.');
if (end === 'killed') process.kill(process.pid, 'SIGKILL');
process.stdout.write(`${journal.list({ limit: 1_000 }).length}\n`);
journal.close();
