import { randomBytes } from 'node:crypto';
import { nodeConformance } from './conformance.js';
import { serveEclairFacade } from './eclair-facade.js';
import { facadeWorld, openConfigured } from './facade-world.js';

nodeConformance('eclair (facade)', () => {
  const password = randomBytes(32).toString('hex');
  const intruder = randomBytes(32).toString('hex');
  return facadeWorld({
    kind: 'eclair',
    credentials: { sell: password, pay: password, intruder },
    serve: (backing) => serveEclairFacade(backing, password),
    open: (port, given, waitMs) =>
      openConfigured(
        { kind: 'eclair', url: `http://127.0.0.1:${port}`, password_env: 'NODE_SECRET' },
        given,
        waitMs,
      ),
  });
});
