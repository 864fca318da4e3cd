// How to run it: docs/library.md, "Run the examples".
import { createServer } from 'node:http';
import { createGate } from '@farebox/gate';
import { mppxMethod, openSettlementFolder } from '@farebox/gate/mppx';
import { openSqliteLedger } from '@farebox/ledger';
import { voucherCharge } from './voucher.js';

const { PORT = 8416, FAREBOX_HOME = '.', FAREBOX_SECRET, VOUCHERS = '' } = process.env;
// Any server method of mppx sells here: stripe.charge({ … }), tempo.charge({ … }), or one of your own, like this one.
const charge = voucherCharge(VOUCHERS.split(','));
const gate = createGate({
  realm: `http://127.0.0.1:${PORT}`,
  secrets: [FAREBOX_SECRET],
  methods: [mppxMethod(charge, { settlements: await openSettlementFolder(`${FAREBOX_HOME}/vouchers`) })],
  ledger: await openSqliteLedger({ path: `${FAREBOX_HOME}/mppx.db` }),
});
const price = { amount: 1n, currency: 'voucher' };
const terms = {
  route: 'GET /joke',
  effect: 'safe',
  offers: [{ method: 'voucher', intent: 'charge', price }],
};

const tellJoke = (_request, response) => response.end('Why do satoshis never argue? They always settle.');
createServer(gate.protect(terms, tellJoke)).listen(PORT, () => console.log(`http://127.0.0.1:${PORT}/joke`));
