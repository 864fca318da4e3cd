import { randomBytes } from 'node:crypto';
import { serveBtcpayFacade } from './btcpay-facade.js';
import { nodeConformance } from './conformance.js';
import { facadeWorld, openConfigured } from './facade-world.js';

const storeId = '9CiNzKoANXxmk5ayZngSXrHTiVvvgCrwrpFQd4m2K776';
const newKey = () => randomBytes(20).toString('hex');

nodeConformance('btcpay (facade)', () => {
  const credentials = { sell: newKey(), pay: newKey(), intruder: newKey() };
  const keys = new Map([
    [credentials.sell, [`btcpay.store.cancreatelightninginvoice:${storeId}`]],
    [credentials.pay, [`btcpay.store.canuselightningnode:${storeId}`]],
  ]);
  return facadeWorld({
    kind: 'btcpay',
    credentials,
    serve: (backing) => serveBtcpayFacade(backing, { storeId, keys }),
    open: (port, key, waitMs) => {
      const written = {
        kind: 'btcpay',
        url: `http://127.0.0.1:${port}`,
        store_id: storeId,
        network: 'regtest',
      };
      return openConfigured({ ...written, key_env: 'NODE_SECRET' }, key, waitMs);
    },
  });
});
