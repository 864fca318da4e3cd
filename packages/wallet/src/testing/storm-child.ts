import { lightningBuyer } from '@farebox/lightning';
import { readAll } from '../answer.js';
import { WalletError } from '../errors.js';
import { openJournal } from '../journal-sqlite.js';
import { parsePolicy } from '../policy/file-parse.js';
import { satoshis } from '../policy/money.js';
import { createWallet } from '../wallet.js';
import { RemoteNode } from './remote-node.js';

/** An agent that buys as much as its policy allows, and says after each purchase how it ended. */
const { SELLER_URL, NODE_URL, JOURNAL_PATH, POLICY, PURCHASES } = process.env;
if (SELLER_URL === undefined || NODE_URL === undefined || JOURNAL_PATH === undefined || POLICY === undefined)
  throw new Error('not configured');

const journal = openJournal({ path: JOURNAL_PATH });
const wallet = createWallet({
  methods: [lightningBuyer({ node: new RemoteNode(NODE_URL), network: 'regtest' })],
  journal,
  policy: parsePolicy(POLICY, 'policy.yaml', satoshis).policy,
});

/** What a purchase came to: `delivered`, or the code of its error. */
async function buy(count: number): Promise<string> {
  try {
    // One, two or three satoshis.
    const result = await wallet.pay({ url: `${SELLER_URL}/${(count % 3) + 1}` });
    await readAll(result.answer, 1_000);
    return result.kind;
  } catch (error) {
    if (error instanceof WalletError) return error.code;
    throw error;
  }
}

for (let count = 0; count < Number(PURCHASES ?? '1'); count += 1) {
  const ended = await buy(count);
  await new Promise((resolve) => process.send?.(ended, resolve));
}
journal.close();
process.disconnect();
