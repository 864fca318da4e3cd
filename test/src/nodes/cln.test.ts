import { randomBytes } from 'node:crypto';
import { serveClnFacade } from './cln-facade.js';
import { nodeConformance } from './conformance.js';
import { facadeWorld, openConfigured } from './facade-world.js';

const sellMethods = ['getinfo', 'invoice', 'listinvoices', 'delinvoice'];
const payMethods = ['getinfo', 'xpay', 'listpays', 'listpeerchannels'];

/** As `createrune` makes them: 32 bytes of authentication code, then the restrictions in plain text. */
function runeOf(methods: readonly string[]): string {
  const restrictions = `=0&${methods.map((method) => `method=${method}`).join('|')}`;
  return Buffer.concat([randomBytes(32), Buffer.from(restrictions)]).toString('base64url');
}

nodeConformance('cln (facade)', () => {
  const credentials = { sell: runeOf(sellMethods), pay: runeOf(payMethods), intruder: runeOf(payMethods) };
  const runes = new Map([
    [credentials.sell, sellMethods],
    [credentials.pay, payMethods],
  ]);
  return facadeWorld({
    kind: 'cln',
    credentials,
    serve: (backing) => serveClnFacade(backing, runes),
    open: (port, rune, waitMs) =>
      openConfigured({ kind: 'cln', url: `http://127.0.0.1:${port}`, rune_env: 'NODE_SECRET' }, rune, waitMs),
  });
});
