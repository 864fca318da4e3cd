import { connectDevnet, readDevnetFile } from '@farebox/devnet';
import { lightningBuyer } from '@farebox/lightning';
import { createPayingFetch, createWallet } from '@farebox/wallet';
import { openJournal } from '@farebox/wallet/journal-sqlite';

const { FAREBOX_HOME } = process.env;
const [url = 'http://127.0.0.1:8403/joke'] = process.argv.slice(2);
const devnet = await readDevnetFile(FAREBOX_HOME);
const node = connectDevnet({ ...devnet, role: 'wallet' });
const journal = openJournal({ path: `${FAREBOX_HOME}/journal.db` });
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
