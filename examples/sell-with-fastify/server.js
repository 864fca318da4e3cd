// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { sell } from '@farebox/gate/fastify';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { fastify } from 'fastify';

const { PORT = 8413, FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/fastify.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'GET /joke', effect: 'safe', offers };

const app = fastify();
app.get('/', async () => 'GET /joke, for one satoshi.');
app.get('/joke', sell(gate, terms), async () => ({
  joke: 'Why do satoshis never argue? They always settle.',
}));
await app.listen({ port: Number(PORT) });
console.log(`http://127.0.0.1:${PORT}/joke`);
