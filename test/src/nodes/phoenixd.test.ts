import { randomBytes } from 'node:crypto';
import { openPhoenixd } from '../../../packages/lightning/dist/nodes/phoenixd.js';
import { routerFeeMsat } from './backing.js';
import { nodeConformance } from './conformance.js';
import { facadeWorld } from './facade-world.js';
import { servePhoenixdFacade } from './phoenixd-facade.js';

nodeConformance('phoenixd (facade)', () => {
  const [full, limited, intruder] = [0, 1, 2].map(() => randomBytes(32).toString('hex'));
  const passwords = { full: full ?? '', limited: limited ?? '' };
  return facadeWorld({
    kind: 'phoenixd',
    credentials: { sell: passwords.limited, pay: passwords.full, intruder: intruder ?? '' },
    serve: (backing) => servePhoenixdFacade(backing, passwords),
    open: async (port, password, waitMs) =>
      openPhoenixd({
        url: `http://127.0.0.1:${port}`,
        password,
        answerMs: waitMs,
        // What the devnet's router takes, in place of ACINQ's fee.
        fee: { baseMsat: routerFeeMsat, millionths: 0n },
      }),
  });
});
