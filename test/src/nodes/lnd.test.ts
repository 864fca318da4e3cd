import { openLnd } from './adapters.js';
import { routerFeeMsat, startBacking } from './backing.js';
import { selfSigned } from './certificate.js';
import { answerMs, impatientMs, nodeConformance } from './conformance.js';
import { serveLndFacade } from './lnd-facade.js';
import { bakeMacaroon, invoiceMacaroonOperations, payMacaroonOperations } from './lnd-macaroon.js';
import { layWire } from './wire.js';

nodeConformance('lnd (facade)', async () => {
  const backing = await startBacking();
  const certificate = selfSigned();
  const selling = bakeMacaroon(invoiceMacaroonOperations);
  const paying = bakeMacaroon(payMacaroonOperations);
  const facade = await serveLndFacade({
    backing,
    certificate,
    macaroons: new Map([
      [selling.toString('hex'), invoiceMacaroonOperations],
      [paying.toString('hex'), payMacaroonOperations],
    ]),
  });
  const wire = await layWire(facade);
  const opened: ReturnType<typeof openLnd>[] = [];
  const open = (macaroon: Uint8Array, waitMs = answerMs) => {
    const node = openLnd({
      url: `https://127.0.0.1:${wire.port}`,
      tls: { certificates: certificate.cert },
      macaroon,
      network: 'regtest',
      answerMs: waitMs,
    });
    opened.push(node);
    return node;
  };
  const seller = open(selling);
  const wallet = open(paying);
  const stranger = open(bakeMacaroon(payMacaroonOperations));
  return {
    kind: 'lnd',
    network: 'regtest',
    seller,
    wallet,
    payer: backing.honest.wallet,
    payee: backing.honest.merchant,
    routeFeeMsat: routerFeeMsat,
    lateFeeKnown: false,
    faults: {
      wires: [wire],
      // The seller's macaroon may not pay, and the wallet's may not sell.
      intruder: { seller: wallet, wallet: stranger },
      secrets: [selling.toString('hex'), paying.toString('hex')],
      impatient: () => open(selling, impatientMs),
      lie: backing.lie,
    },
    reconnect: () => ({ seller: open(selling), wallet: open(paying) }),
    async dispose() {
      for (const node of opened) await node.close();
      await wire.close();
      await facade.close();
      await backing.close();
    },
  };
});
