import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { describe } from 'vitest';
import { nodeConformance } from './conformance.js';
import { facadeWorld, openConfigured } from './facade-world.js';
import { startRelay } from './nwc-relay.js';
import { startService } from './nwc-service.js';

const newSecret = () => Buffer.from(generateSecretKey()).toString('hex');
const keyOf = (secret: string) => getPublicKey(Uint8Array.from(Buffer.from(secret, 'hex')));

describe.each([
  ['NIP-44, at a relay that wants to know who asks', 'nip44_v2 nip04', true],
  ['NIP-04, of a wallet that knows nothing else', undefined, false],
] as const)('nwc', (name, encryption, authRequired) => {
  nodeConformance(`nwc (relay and wallet service in process; ${name})`, () => {
    const credentials = { sell: newSecret(), pay: newSecret(), intruder: newSecret() };
    const connections = new Map([
      [
        keyOf(credentials.sell),
        { methods: ['get_info', 'make_invoice', 'lookup_invoice', 'list_transactions'] },
      ],
      [keyOf(credentials.pay), { methods: ['get_info', 'pay_invoice', 'lookup_invoice', 'get_balance'] }],
    ]);
    let walletKey = '';
    return facadeWorld({
      kind: 'nwc',
      credentials,
      async serve(backing) {
        const relay = await startRelay({ authRequired });
        const service = await startService(backing, relay.port, { encryption, connections });
        walletKey = service.walletKey;
        return {
          port: relay.port,
          async close() {
            service.close();
            await relay.close();
          },
        };
      },
      open: (port, secret, waitMs) => {
        const relay = encodeURIComponent(`ws://127.0.0.1:${port}`);
        const connection = `nostr+walletconnect://${walletKey}?relay=${relay}&secret=${secret}`;
        return openConfigured(
          { kind: 'nwc', connection_env: 'NODE_SECRET', network: 'regtest' },
          connection,
          waitMs,
        );
      },
    });
  });
});
