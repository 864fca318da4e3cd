import { randomBytes } from 'node:crypto';
import { routerFeeMsat } from './backing.js';
import { nodeConformance } from './conformance.js';
import { facadeWorld, openConfigured } from './facade-world.js';
import { serveLnbitsFacade } from './lnbits-facade.js';

const newKey = () => randomBytes(16).toString('hex');

nodeConformance('lnbits (facade)', () => {
  const keys = { invoice: newKey(), admin: newKey() };
  return facadeWorld({
    kind: 'lnbits',
    credentials: { sell: keys.invoice, pay: keys.admin, intruder: newKey() },
    serve: (backing) =>
      serveLnbitsFacade(backing, { keys, reserveMsat: routerFeeMsat, knowsPreimages: false, waitMs: 500 }),
    open: (port, key, waitMs) =>
      openConfigured(
        { kind: 'lnbits', url: `http://127.0.0.1:${port}`, key_env: 'NODE_SECRET', network: 'regtest' },
        key,
        waitMs,
      ),
  });
});
