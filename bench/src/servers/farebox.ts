import { join } from 'node:path';
import { checkConfig, createGateway, type Gateway } from '@farebox/gateway';
import { openSqliteLedger, type SqliteLedger } from '@farebox/ledger';
import { answerCommands } from '../process/commands.js';
import { cpuTime } from '../process/cpu.js';
import type { LedgerTally, ServerCommands } from '../process/tables.js';
import { terms } from '../terms.js';
import { openMerchant } from './merchant.js';

// Scenarios: the gateway as `farebox serve` runs it, with its durable ledger on the real disk. Only the Lightning
// node is made of paper, since what a node does is not what is measured.

let running: { readonly gateway: Gateway; readonly ledger: SqliteLedger } | undefined;

async function tallyOf(ledger: SqliteLedger): Promise<LedgerTally> {
  const totals = await ledger.totals();
  const { commits, operations } = ledger.stats;
  const count = (rows: typeof totals) => rows.reduce((sum, row) => sum + row.count, 0);
  const delivered = totals.filter(
    ({ state }) => state === 'delivered' || state === 'cut' || state === 'answered',
  );
  return {
    claims: count(totals),
    delivered: count(delivered),
    answered: count(delivered.filter((row) => row.state === 'answered')),
    commits,
    operations: operations - 1, // without the question itself, which every earlier operation went ahead of
  };
}

answerCommands<ServerCommands>({
  cpu: cpuTime,
  async listen({ upstreamPort, directory }) {
    const path = join(directory, 'farebox.db');
    const config = checkConfig({
      realm: terms.realm,
      listen: '127.0.0.1:0',
      secrets: [terms.secret],
      ledger: `sqlite:${path}`,
      upstreams: { api: `http://127.0.0.1:${upstreamPort}` },
      challenge_life: `${terms.challengeLifeMs / 1_000}s`,
      // One address floods here on purpose, and the load generator pays one invoice in the name of many.
      mint_budget: 'off',
      lightning: { node: { kind: 'devnet' }, pool: 'off' },
      routes: [
        { match: 'GET /v1/free/*', upstream: 'api', price: 'free' },
        {
          match: 'GET /v1/paid/*',
          upstream: 'api',
          price: `${terms.priceSat} sat`,
          description: terms.description,
        },
      ],
    });
    const ledger = await openSqliteLedger({ path });
    const gateway = await createGateway(config, { ledger, node: openMerchant() });
    const { port } = await gateway.listen();
    running = { gateway, ledger };
    return { port };
  },
  async close() {
    if (running === undefined) return undefined;
    const { gateway, ledger } = running;
    await gateway.close();
    const tally = await tallyOf(ledger);
    await ledger.close();
    return tally;
  },
});
