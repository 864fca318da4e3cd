import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** A way to a private PostgreSQL on which commits can be lost. */
export interface LossyProxy {
  readonly url: string;
  /**
   * What happens to the next COMMIT, once: `answer` lets it through and cuts the connection in place of its answer;
   * `request` cuts the connection in place of it; `silence` lets it through, and from then on nothing comes back.
   */
  lose(what: 'answer' | 'request' | 'silence'): void;
  close(): Promise<void>;
}

/** Starts one in front of the server at this URL, which must be on a Unix socket. */
export async function lossyProxy(url: string): Promise<LossyProxy> {
  const folder = new URL(url).searchParams.get('host');
  let losing: 'answer' | 'request' | 'silence' | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(`${folder}/.s.PGSQL.5432`);
    let dropping = false;
    let silent = false;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', cut);
    }
    client.on('data', (bytes) => {
      if (losing !== undefined && bytes.includes('COMMIT\0')) {
        const what = losing;
        losing = undefined;
        if (what === 'request') {
          cut();
          return;
        }
        if (what === 'answer') dropping = true;
        else silent = true;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      // The answer to the COMMIT itself: the transaction is over.
      if (dropping && bytes.includes('COMMIT\0')) cut();
      else if (!dropping && !silent) client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `postgres://farebox@127.0.0.1:${address.port}/postgres`,
    lose(what) {
      losing = what;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
