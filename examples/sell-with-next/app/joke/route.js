// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { protectFetch } from '@farebox/gate/fetch';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';

const { PORT = 8414, FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/next.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'GET /joke', effect: 'safe', offers };

export const GET = protectFetch(gate, terms, () =>
  Response.json({ joke: 'Why do satoshis never argue? They always settle.' }),
);
