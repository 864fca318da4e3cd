import { connectDevnet, type Devnet, serveDevnet, startDevnet } from '@farebox/devnet';
import { routerFeeMsat } from './backing.js';
import { nodeConformance } from './conformance.js';

nodeConformance('devnet, in process', async () => {
  const devnet: Devnet = await startDevnet({ router: true });
  return {
    kind: 'devnet',
    network: 'regtest',
    seller: devnet.merchant,
    wallet: devnet.wallet,
    payer: devnet.wallet,
    payee: devnet.merchant,
    routeFeeMsat: routerFeeMsat,
    // LDK does not tell the fee of a payment that was given up and settled nevertheless.
    lateFeeKnown: false,
    reconnect: () => ({}),
    dispose: () => devnet.close(),
  };
});

nodeConformance('devnet, over its own interface', async () => {
  const devnet = await startDevnet({ router: true });
  const server = await serveDevnet(devnet);
  const url = server.url;
  const open = (token: string) => ({
    seller: connectDevnet({ url, token, role: 'merchant' }),
    wallet: connectDevnet({ url, token, role: 'wallet' }),
  });
  const { seller, wallet } = open(server.token);
  return {
    kind: 'devnet',
    network: 'regtest',
    seller,
    wallet,
    payer: devnet.wallet,
    payee: devnet.merchant,
    routeFeeMsat: routerFeeMsat,
    // LDK does not tell the fee of a payment that was given up and settled nevertheless.
    lateFeeKnown: false,
    reconnect: () => open(server.token),
    async dispose() {
      await seller.close();
      await wallet.close();
      await server.close();
      await devnet.close();
    },
  };
});
