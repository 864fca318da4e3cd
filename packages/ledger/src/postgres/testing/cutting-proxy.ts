import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** The frontend's messages that run a statement: Execute and Query. */
const statementTypes: readonly (number | undefined)[] = ['E', 'Q'].map((type) => type.charCodeAt(0));

/** A way to a private PostgreSQL that is cut between two statements. */
export interface CuttingProxy {
  readonly url: string;
  /** Behind this one of the next statements, from 1, its connection is cut, once: it is run, and its answer is lost. */
  cutBehind(statement: number): void;
  /** Nothing is cut any more. True when it had been. */
  stop(): boolean;
  close(): Promise<void>;
}

/** Starts one in front of the server at this URL, which must be on a Unix socket. */
export async function cuttingProxy(url: string): Promise<CuttingProxy> {
  const folder = new URL(url).searchParams.get('host');
  let left = Number.POSITIVE_INFINITY;
  let hasCut = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(`${folder}/.s.PGSQL.5432`);
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      if (socket === upstream) socket.on('close', cut);
    }
    const messages = messagesOf();
    client.on('data', (bytes) => {
      for (const message of messages(bytes)) {
        upstream.write(message);
        if (!statementTypes.includes(message[0]) || --left > 0) continue;
        left = Number.POSITIVE_INFINITY;
        hasCut = true;
        // What was sent arrives: only then does the connection end for the server.
        upstream.end();
        client.destroy();
        return;
      }
    });
    upstream.on('data', (bytes) => client.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `postgres://farebox@127.0.0.1:${address.port}/postgres`,
    cutBehind(statement) {
      left = statement;
      hasCut = false;
    },
    stop() {
      left = Number.POSITIVE_INFINITY;
      return hasCut;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

// Takes the frontend's bytes apart: a first message without a type, then a type and a length before each.
function messagesOf(): (bytes: Buffer) => Buffer[] {
  let [rest, typeBytes] = [Buffer.alloc(0), 0];
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const whole: Buffer[] = [];
    while (rest.length >= typeBytes + 4) {
      const length = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < length) break;
      whole.push(rest.subarray(0, length));
      rest = rest.subarray(length);
      typeBytes = 1;
    }
    return whole;
  };
}
