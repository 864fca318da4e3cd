import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type BitcoinApiOptions, createBitcoinApi } from './api.js';

const portDefault = 9000;
const closeGraceMs = 5_000;

/** A running API. */
export interface RunningBitcoinApi {
  /** Its origin, such as `http://127.0.0.1:9000`. */
  url: string;
  /** Takes no new requests, lets the running ones finish for up to 5 s, then closes. */
  close(): Promise<void>;
}

/** Where to listen: `host` is 127.0.0.1 and `port` 9000 unless said; port 0 takes any free one. */
export interface ListenOptions {
  host?: string;
  port?: number;
}

/**
 * Starts the API of {@link createBitcoinApi} on a port.
 *
 * @throws Error with the system's code (`EADDRINUSE`, …) when it cannot listen there
 * @example
 * ```ts
 * import { startBitcoinApi } from '@farebox/example-bitcoin-api';
 *
 * const api = await startBitcoinApi({
 *   rpc: { url: 'http://127.0.0.1:18443', user: 'me', password: 'secret' },
 *   price: { currency: 'USD', rate: 100_000 },
 *   port: 0,
 * });
 * await fetch(`${api.url}/v1/bitcoin/price`);
 * await api.close();
 * ```
 */
export async function startBitcoinApi(
  options: BitcoinApiOptions & ListenOptions,
): Promise<RunningBitcoinApi> {
  const { host = '127.0.0.1', port = portDefault } = options;
  const api = createBitcoinApi(options);
  // Not replacing the process's own Request and Response: whoever starts this API may use them too.
  const server = createServer(getRequestListener(api.fetch, { overrideGlobalObjects: false }));
  let closed: Promise<void> | undefined;
  server.on('request', (_, response) => {
    // Node closes the connections that are idle at the time of close(), but not those that fall idle later.
    response.on('close', () => closed !== undefined && server.closeIdleConnections());
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The API listens on no port.');
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shownHost}:${address.port}`,
    close() {
      closed ??= shut(server);
      return closed;
    },
  };
}

async function shut(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(grace);
}
