import {
  connect as connectTcp,
  isIP,
  type OnReadOpts,
  type Socket,
  type TcpSocketConnectOpts,
} from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { UpstreamError } from './error.js';

/** When TCP begins to ask whether an idle peer is still there. */
const tcpKeepAliveMs = 60_000;

/** Whom to trust, beside what Node trusts. */
export interface Trust {
  /** Certificates in PEM, instead of Node's own list. */
  readonly ca?: string | undefined;
}

/** Opens one connection. `ready` is called when a request can be written to it. */
export type Dial = (onread: OnReadOpts, ready: () => void) => Socket;

/**
 * Makes the way to an origin. Over TLS the certificate is checked against its name, HTTP/1.1 is asked for, and a
 * session is resumed where the server allows it.
 *
 * @param origin `http://host:port` or `https://host:port`; the port may be missing.
 */
export function dialer(origin: string, trust: Trust = {}): Dial {
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const tcp = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs };
  if (!secure) {
    return (onread, ready) => {
      const options: TcpSocketConnectOpts = { ...tcp, onread };
      return connectTcp(options).once('connect', ready);
    };
  }
  let session: Buffer | undefined;
  return (onread, ready) => {
    // Node's types leave out `onread`, which its documentation has for tls.connect as well.
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      ...tcp,
      onread,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(trust.ca === undefined ? {} : { ca: trust.ca }),
      ...(session === undefined ? {} : { session }),
    };
    const socket = connectTls(options);
    // What TCP is told of itself, TLS does not pass on.
    socket.setNoDelay(true).setKeepAlive(true, tcpKeepAliveMs);
    socket.on('session', (fresh: Buffer) => {
      session = fresh;
    });
    return socket.once('secureConnect', ready);
  };
}

/** Opens a connection and closes it again. Rejects when it does not come to be within the time. */
export function tryDial(dial: Dial, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const nothing = Buffer.alloc(1);
    const socket = dial({ buffer: nothing, callback: () => true }, () => {
      socket.destroy();
      resolve();
    });
    const late = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('error', reject).once('close', () => {
      clearTimeout(late);
      reject(new UpstreamError('upstream_connect_timeout', 'The upstream did not accept a connection.'));
    });
  });
}
