import { Agent, type ClientRequestArgs } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type ReadTrust, serverNameOf } from './trust.js';

/** How long a connection and its handshake may take, milliseconds. */
export const connectMsMax = 10_000;

/** The node showed a certificate that is not trusted. Nothing was sent. */
export class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate';
  /** Of OpenSSL, or {@link notPinnedCode}. */
  readonly code: string;
  constructor(code: string) {
    super('The certificate is not trusted.');
    this.code = code;
  }
}

/** Where a node listens. */
export interface NodeAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Undefined for plain HTTP. */
  readonly trust: ReadTrust | undefined;
}

type Connected = (error: Error | null, socket: Duplex) => void;

/**
 * Connections to one node. A request is given a connection only when it stands and its certificate was accepted:
 * a request that never got one was certainly not sent, and no credential reaches a stranger.
 */
export class NodeAgent extends Agent {
  readonly #address: NodeAddress;
  readonly #connecting = new Set<Socket>();

  constructor(address: NodeAddress, keepAlive: boolean) {
    super({ keepAlive });
    this.#address = address;
  }

  /** Returns nothing, so Node waits for `done`. */
  override createConnection(_: ClientRequestArgs, done: Connected = () => {}): undefined {
    const { host, port, trust } = this.#address;
    const servername = serverNameOf(host);
    const tls =
      trust === undefined
        ? undefined
        : connectTls({ host, port, ...(servername === undefined ? {} : { servername }), ...trust.options });
    const socket = tls ?? connectTcp({ host, port, noDelay: true });
    this.#connecting.add(socket);
    const timer = setTimeout(() => socket.destroy(new Error('Connecting took too long.')), connectMsMax);
    const finish = (error: Error | null) => {
      if (!this.#connecting.delete(socket)) return;
      clearTimeout(timer);
      socket.off('error', finish);
      if (error !== null) {
        // Whatever it still says is of no interest.
        socket.on('error', () => {});
        socket.destroy();
      }
      done(error, socket);
    };
    socket.on('error', finish);
    socket.once('close', () => finish(new Error('The connection was closed while it was made.')));
    if (tls === undefined) socket.once('connect', () => finish(null));
    else {
      tls.once('secureConnect', () => {
        const code = trust?.distrust(tls);
        finish(code === undefined ? null : new WrongCertificate(code));
      });
    }
  }

  override destroy(): void {
    super.destroy();
    for (const socket of this.#connecting) socket.destroy(new Error('This node was closed.'));
  }
}
