import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as TcpServer } from 'node:net';

/**
 * How long a connection stays open between two requests: longer than clients keep one, so that a paid order is never sent into
 * a connection that ends at that moment.
 */
const keepAliveMs = 65_000;
/** How long requests that are on their way are waited for. */
const drainMsMax = 25_000;

/** The server that clients connect to. */
export interface Front {
  /** Starts to listen. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Takes no connection more, and resolves when every answer that is owed has left, or 25 seconds later. An answer that is
   * given meanwhile says that it is the last of its connection.
   */
  close(): Promise<void>;
}

/** The front of a registrar: plain HTTP/1.1. */
export function createFront(handle: RequestListener): Front {
  const owed = new Set<ServerResponse>();
  let stopping = false;
  let drained: (() => void) | undefined;
  const forget = (gone: Iterable<ServerResponse>) => {
    for (const response of gone) owed.delete(response);
    if (owed.size === 0) drained?.();
  };
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    owed.add(response);
    response.once('close', () => forget([response]));
    if (stopping) response.shouldKeepAlive = false;
    handle(request, response);
  });
  // An answer that waits behind another of its connection is told nothing when that breaks.
  server.on('connection', (socket) => {
    socket.once('close', () => forget([...owed].filter(({ req }) => req.socket === socket)));
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const at = server.address() as AddressInfo; // it listens on TCP
          const shown = at.family === 'IPv6' ? `[${at.address}]` : at.address;
          resolve({ url: `http://${shown}:${at.port}`, port: at.port });
        });
      }),
    async close() {
      if (!server.listening) return;
      stopping = true;
      // HTTP's own `close` takes a connection for idle whose answer was written and has not left yet, and cuts it off.
      const closed = new Promise<void>((resolve) => {
        TcpServer.prototype.close.call(server, () => resolve());
      });
      const answers = [...owed];
      for (const response of answers) response.shouldKeepAlive = false;
      if (answers.every(({ writableEnded }) => !writableEnded)) server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), drainMsMax);
      if (owed.size > 0) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      clearTimeout(deadline);
      // What is still connected has asked for nothing.
      server.closeAllConnections();
      server.close();
      await closed;
    },
  };
}
