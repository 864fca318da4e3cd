import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdminConfig } from '../config/access-config.js';
import type { GatewayConfig } from '../config/config.js';
import { isLoopback } from '../config/listen.js';
import { ledgerUrl } from '../ledger.js';
import { listenError } from '../listen-error.js';
import { createLedgerReading, type LedgerReading } from './ledger-reader.js';
import type { AdminParts } from './parts.js';
import { readOrMakeToken } from './token.js';

/** How long a request to the admin API may take to arrive, milliseconds. */
const receivedMsMax = 30_000;

/** A running admin API. */
export interface AdminServer {
  /** An `http://` origin. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the admin API on its own listener. What it is made of is loaded here, so that a gateway without one has none of it.
 *
 * @throws {AdminTokenError}, or what the system says when the address is taken
 */
export async function serveAdmin(
  { listen, tokenFile }: AdminConfig,
  parts: Omit<AdminParts, 'reading'>,
): Promise<AdminServer> {
  const token = await readOrMakeToken(tokenFile);
  const [{ createAdminApp }, { getRequestListener }] = await Promise.all([
    import('./app.js'),
    import('@hono/node-server'),
  ]);
  if (!isLoopback(listen.host))
    parts.logger.warn(
      { host: listen.host },
      'the admin API speaks plain HTTP: its token and its keys can be read on the way',
    );
  const reading = await readingOf(parts.config());
  const app = createAdminApp({ ...parts, reading }, token);
  // The globals belong to whoever embeds a gateway.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer({ requestTimeout: receivedMsMax }, listener);
  await listening(server, listen.port, listen.host);
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host}:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await reading?.close();
    },
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(listenError({ host, port }, cause));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

async function readingOf({ ledger }: GatewayConfig): Promise<LedgerReading | undefined> {
  if (ledger.kind === 'postgres')
    return createLedgerReading({ kind: 'postgres', url: await ledgerUrl(ledger), schema: ledger.schema });
  return ledger.path === ':memory:' ? undefined : createLedgerReading({ kind: 'sqlite', path: ledger.path });
}
