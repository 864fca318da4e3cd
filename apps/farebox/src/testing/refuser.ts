import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeRequest, type JsonObject, serializeChallenge } from '@farebox/protocol';

/** The chain that is asked to be paid on. */
interface Chain {
  readonly chainId: number;
  readonly tokens: { readonly pathUsd: string };
}

/** A seller that asks for a payment over Tempo and refuses every one, without carrying it out. */
export async function startRefuser(chain: Chain, recipient: string, details: JsonObject = {}) {
  let count = 0;
  const server = createServer((request, response) => {
    if (request.headers.authorization !== undefined) {
      response.writeHead(402, { 'content-type': 'application/problem+json' });
      response.end('{"title":"Invalid","detail":"Payment authorization did not verify"}');
      return;
    }
    count += 1;
    const challenge = serializeChallenge({
      id: `refuser-${process.pid}-${count}`,
      realm: 'http://127.0.0.1',
      method: 'tempo',
      intent: 'charge',
      request: encodeRequest({
        amount: '20000',
        currency: chain.tokens.pathUsd,
        recipient,
        methodDetails: { chainId: chain.chainId, supportedModes: ['pull'], ...details },
      }),
      expires: new Date(Date.now() + 300_000).toISOString(),
    });
    response.writeHead(402, { 'www-authenticate': challenge }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
