// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { sell } from '@farebox/gate/express';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import express from 'express';

const { PORT = 8412, FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/express.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'GET /joke', effect: 'safe', offers };

const app = express();
app.get('/', (_request, response) => response.send('GET /joke, for one satoshi.'));
app.get('/joke', sell(gate, terms), (_request, response) => {
  response.json({ joke: 'Why do satoshis never argue? They always settle.' });
});
app.listen(Number(PORT), () => console.log(`http://127.0.0.1:${PORT}/joke`));
