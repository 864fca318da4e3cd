// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { lightningBuyer } from '@farebox/lightning';
import { createPayingFetch, createWallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';

const [url = 'http://127.0.0.1:8403/joke'] = process.argv.slice(2);
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'wallet' });
const journal = openJournal({ path: `${home}/journal.db` });
const wallet = createWallet({ methods: [lightningBuyer({ node, network: 'regtest' })], journal });
const fetch = createPayingFetch({
  wallet,
  max: { amount: 5n, currency: 'sat' },
  onQuote: ({ inspection: { price } }) => console.error(`It costs ${price.amount} ${price.currency}.`),
});

const response = await fetch(url);
console.log(await response.text());
journal.close();
await node.close();
