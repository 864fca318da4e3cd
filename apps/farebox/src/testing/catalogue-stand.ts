import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Operations of a seller, as its `/openapi.json` describes them: path → what stands there of GET. */
export type Sold = Readonly<Record<string, object>>;

/** An origin on loopback that publishes what is sold at another one. */
export async function startCatalogue(apiUrl: string, sold: Sold, llms = '# A shop\n> Sells rates\n') {
  const paths = Object.fromEntries(Object.entries(sold).map(([path, get]) => [path, { get }]));
  const openApi = {
    openapi: '3.1.0',
    info: { title: 'A shop', version: '1' },
    servers: [{ url: apiUrl }],
    paths,
  };
  const server = createServer((request, response) => {
    if (request.url === '/openapi.json') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(openApi));
    } else if (request.url === '/llms.txt') response.setHeader('content-type', 'text/plain').end(llms);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A TCP server that listens has an address of this form.
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One Lightning offer, as an operation shows it. */
export function forSats(amount: string, summary: string): object {
  return {
    summary,
    'x-payment-info': { offers: [{ intent: 'charge', method: 'lightning', amount, currency: 'sat' }] },
  };
}
