import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Selling } from './shop.js';

/** A server that listens on a free port of loopback. */
export async function listening(server: Server, closeMore: () => unknown = () => {}): Promise<Selling> {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    server,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await closeMore();
    },
  };
}
