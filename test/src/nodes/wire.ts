import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../ports.js';

/**
 * What becomes of the bytes. `open`: they pass. `silent`: connections are taken, what the node says is lost.
 * `down`: connections are refused or cut.
 */
export type WireMode = 'open' | 'silent' | 'down';

/** A cable between an adapter and its node that can be pulled. It carries bytes: TLS passes through it. */
export interface Wire {
  /** The port on 127.0.0.1 that the adapter is given; it stays the same. */
  readonly port: number;
  /** Applies to what is connected now and to what comes. Ends in `open` whatever the test before did. */
  set(mode: WireMode): Promise<void>;
  /** Cuts every connection, and stays in its mode. */
  cut(): void;
  /** Connections that were made so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Lays a wire to a port of this machine. */
export async function layWire(to: { readonly port: number }): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: WireMode = 'open';
  let connections = 0;
  const server = createServer((near) => {
    connections++;
    const far = connect({ host: '127.0.0.1', port: to.port });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('data', (part) => far.write(part));
    far.on('data', (part) => {
      if (mode === 'open') near.write(part);
    });
    for (const socket of pair) socket.on('error', end).on('close', end);
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  // A port that stays free while nobody listens there.
  const port = await freePort();
  await listen(port);
  const cut = () => {
    for (const [near] of pairs) near.destroy();
  };
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      cut();
    });
  return {
    port,
    cut,
    get connections() {
      return connections;
    },
    async set(wanted) {
      mode = wanted;
      if (wanted === 'down') await stop();
      else if (!server.listening) await listen(port);
    },
    close: stop,
  };
}
