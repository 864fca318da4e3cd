// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { sell } from '@farebox/gate/hono';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const { PORT = 8411, FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/hono.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'GET /joke', effect: 'safe', offers };

const app = new Hono();
app.get('/', (c) => c.text('GET /joke, for one satoshi.'));
app.get('/joke', sell(gate, terms), (c) =>
  c.json({ joke: 'Why do satoshis never argue? They always settle.' }),
);
serve({ fetch: app.fetch, port: Number(PORT) }, () => console.log(`http://127.0.0.1:${PORT}/joke`));
