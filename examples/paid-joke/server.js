// How to run it: docs/library.md, "Run the examples".
import { createServer } from 'node:http';
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';

const { PORT = 8403, FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/jokes.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'GET /joke', effect: 'safe', offers };

const tellJoke = (_request, response) => response.end('Why do satoshis never argue? They always settle.\n');
createServer(gate.protect(terms, tellJoke)).listen(PORT, () => console.log(`http://127.0.0.1:${PORT}/joke`));
