import { createServer } from 'node:http';
import { connectDevnet, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';

const { PORT = 8403, FAREBOX_HOME, FAREBOX_SECRET } = process.env;
const devnet = await readDevnetFile(FAREBOX_HOME);
const node = connectDevnet({ ...devnet, role: 'merchant' });
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${FAREBOX_HOME}/jokes.db` }),
});
const price = { amount: 1n, currency: 'sat' };
const terms = {
  route: 'GET /joke',
  effect: 'safe',
  offers: [{ method: 'lightning', intent: 'charge', price }],
};

const tellJoke = (_request, response) => response.end('Why do satoshis never argue? They always settle.\n');
createServer(gate.protect(terms, tellJoke)).listen(PORT, () => console.log(`http://127.0.0.1:${PORT}/joke`));
