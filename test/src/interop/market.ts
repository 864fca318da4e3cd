import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Devnet, startDevnet } from '@farebox/devnet';
import { checkConfig, createGateway, createLogger } from '@farebox/gateway';
import { type Ledger, openSqliteLedger } from '@farebox/ledger';
import { lightningBuyer, type PayingNode } from '@farebox/lightning';
import { createWallet, type Wallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';
import { startUpstream, type Upstream } from './upstream.js';

/** The HMAC secret of every seller here, ours and theirs: mppx can then check our ids, and we theirs. */
export const secret = 'one secret for both sellers, so that each can check the ids of the other';

/** The realm of our gateway. */
export const realm = 'https://api.example.com';

/** What our gateway sells, in satoshis. */
export const prices = { 'GET /v1/price': 1n, 'GET /v1/blocks': 1n, 'POST /v1/notes': 2n } as const;

/** What is sold in another currency: 0.002 USD, at 65,000 USD a bitcoin 4 satoshis. */
const inDollars = { match: 'GET /v1/report', price: '0.002 USD' };
const rates = { USD: { fixed: 65_000 } };

/** Two real Lightning nodes, our gateway selling for one of them, and a real upstream behind it. */
export interface Market {
  readonly devnet: Devnet;
  readonly upstream: Upstream;
  /** The gateway's. */
  readonly ledger: Ledger;
  /** The gateway. */
  readonly url: string;
  /** Our wallet, paying with the devnet's other node. */
  readonly wallet: Wallet;
  /** What an action costs the paying node, fees and all, msat. */
  cost(action: () => Promise<unknown>): Promise<bigint>;
  close(): Promise<void>;
}

/** Opens a market. */
export async function openMarket(): Promise<Market> {
  const folder = await mkdtemp(join(tmpdir(), 'farebox-interop-'));
  const [devnet, upstream] = await Promise.all([startDevnet(), startUpstream()]);
  const ledger = await openSqliteLedger({ path: join(folder, 'farebox.db') });
  const config = checkConfig({
    realm,
    listen: '127.0.0.1:0',
    lightning: { node: { kind: 'devnet' } },
    upstreams: { api: upstream.url },
    rates,
    routes: [
      ...Object.entries(prices).map(([match, sat]) => ({ match, upstream: 'api', price: `${sat} sat` })),
      { ...inDollars, upstream: 'api' },
    ],
  });
  const logger = createLogger('silent');
  const gateway = await createGateway(config, { ledger, logger, node: devnet.merchant, secrets: [secret] });
  const { url } = await gateway.listen();
  const journal = openJournal({ path: join(folder, 'journal.db') });
  const methods = [lightningBuyer({ node: devnet.wallet, network: 'regtest' })];
  return {
    devnet,
    upstream,
    ledger,
    url,
    wallet: createWallet({ methods, journal }),
    async cost(action) {
      const before = (await devnet.wallet.balance()).spendableMsat;
      await action();
      return before - (await devnet.wallet.balance()).spendableMsat;
    },
    async close() {
      journal.close();
      await gateway.close({ drainMs: 2_000 });
      await Promise.all([upstream.close(), ledger.close()]);
      await devnet.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Pays an invoice for a client that has no node of its own. */
export async function payWith(
  node: PayingNode,
  invoice: string,
): Promise<{ readonly preimage: string; readonly feeMsat: bigint }> {
  const state = await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
  if (state.status === 'succeeded') return state;
  throw new Error(`The invoice was not paid: ${state.status}`);
}
