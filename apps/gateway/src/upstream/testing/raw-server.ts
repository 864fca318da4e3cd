import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';

/** One connection of a raw server. */
export interface RawConnection {
  readonly socket: Socket;
  /** In the order of arrival, from 1. */
  readonly number: number;
  /** Everything that has arrived. */
  text(): string;
  /** The next request that has not been waited for yet, as far as the end of its header section. Rejects on close. */
  request(): Promise<string>;
  /** Resolves when the other side is gone. */
  readonly closed: Promise<void>;
}

/** A server that speaks whatever a test wants. */
export interface RawServer {
  readonly port: number;
  readonly origin: string;
  readonly connections: readonly RawConnection[];
  close(): Promise<void>;
}

/** Starts a server on loopback. `serve` is called for each connection, over TLS when it is given a key. */
export async function startRawServer(
  serve: (connection: RawConnection) => Promise<void> | void,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const accept = (socket: Socket): void => {
    const connection = track(socket, connections.length + 1);
    connections.push(connection);
    // A connection that the client closes ends its script.
    Promise.resolve(serve(connection)).catch(() => socket.destroy());
  };
  const server = tls === undefined ? createServer(accept) : createTlsServer({ ...tls }, accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { socket } of connections) socket.destroy();
      }),
  };
}

function track(socket: Socket, number: number): RawConnection {
  let text = '';
  let seen = 0;
  let wake: () => void = () => {};
  let gone = false;
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => {
    text += part;
    wake();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      gone = true;
      wake();
      resolve();
    });
  });
  return {
    socket,
    number,
    closed,
    text: () => text,
    async request() {
      for (;;) {
        const end = text.indexOf('\r\n\r\n', seen);
        if (end !== -1) {
          const head = text.slice(seen, end + 4);
          seen = end + 4;
          return head;
        }
        if (gone) throw new Error('The client has left.');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Writes text byte for byte, cut at the given places, with turns of the event loop between the parts. */
export async function writeCut(socket: Socket, text: string, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    if (cut > from) {
      socket.write(text.slice(from, cut), 'latin1');
      from = cut;
      await turn();
      await turn();
    }
  }
}

/** Answers every request with the same bytes. */
export function always(answer: string): (connection: RawConnection) => Promise<void> {
  return async (connection) => {
    for (;;) {
      await connection.request();
      connection.socket.write(answer, 'latin1');
    }
  };
}
