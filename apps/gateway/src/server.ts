import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { credentialBytesMax } from '@farebox/protocol';
import type { ListenAddress } from './config/listen.js';
import type { Handler } from './handler.js';
import { headerTooLargeDetail, headerTooLargeTitle, plainProblem } from './http/answer.js';
import { listenError } from './listen-error.js';

/** How long a client may take for its header section. Slower ones are holding a connection, not asking. */
export const headersReceivedMsMax = 15_000;
/** How long a client may take for its whole request, body and all. */
export const requestReceivedMsMax = 120_000;
/** How often slow clients are looked for. */
export const slowClientCheckMs = 2_000;
/** How long an idle connection is kept for the next request. */
export const keepAliveMs = 65_000;

/** What a credential takes of a header section, its name included; the handler holds the rest to its own limit. */
const credentialFieldBytesMax = credentialBytesMax + 'payment-authorization'.length;

/** How clients are received. */
export interface FrontOptions {
  /** Largest header section, in bytes, beside a payment credential. */
  readonly headerBytesMax: number;
  /** Undefined: plain HTTP. */
  readonly tls: SecureContextOptions | undefined;
}

/** The server that clients connect to. */
export type Front = HttpServer | HttpsServer;

/** The front: HTTP/1.1, plain or over TLS, bounded in size and time. */
export function createFront({ headerBytesMax, tls }: FrontOptions, handle: Handler): Front {
  const listener: RequestListener = (request, response) => handle(request, response, false);
  const limits = {
    maxHeaderSize: headerBytesMax + credentialFieldBytesMax,
    headersTimeout: headersReceivedMsMax,
    requestTimeout: requestReceivedMsMax,
    connectionsCheckingInterval: slowClientCheckMs,
    keepAliveTimeout: keepAliveMs,
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createHttpServer(limits, listener)
      : createHttpsServer(
          { ...limits, ...tls, ALPNProtocols: ['http/1.1'], handshakeTimeout: headersReceivedMsMax },
          listener,
        );
  // Zero: no field is dropped silently. The header section is bounded by its size.
  server.maxHeadersCount = 0;
  server.on('checkContinue', (request, response) => handle(request, response, true));
  server.on(
    'connect',
    (_request, socket) => void refuse(socket, 405, 'Method Not Allowed', 'This is no tunnel.'),
  );
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (!(socket.writable && !socket.destroyed)) {
      socket.destroy();
    } else if (error.code === 'HPE_HEADER_OVERFLOW') {
      refuse(socket, 431, headerTooLargeTitle, headerTooLargeDetail(headerBytesMax));
    } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      refuse(socket, 408, 'Request Timeout', 'The request did not arrive in time.');
    } else {
      refuse(socket, 400, 'Bad Request', 'The request is not well-formed HTTP/1.1.');
    }
  });
  return server;
}

/** Answers on a connection that has no request and closes it. */
function refuse(socket: Duplex, status: number, title: string, detail: string): void {
  const answer = plainProblem(status, title, detail, ['Connection', 'close']);
  let head = `HTTP/1.1 ${status} ${title}\r\n`;
  for (let i = 0; i + 1 < answer.headers.length; i += 2)
    head += `${answer.headers[i]}: ${answer.headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${answer.body}`);
}

/** Where a server really listens. */
export interface Listening extends ListenAddress {
  /** An `http://` or `https://` origin. */
  readonly url: string;
}

/**
 * Starts listening.
 *
 * @throws Error that names the address and says what to do, when it cannot be had
 */
export function listenOn(server: Front, address: ListenAddress): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(listenError(address, cause));
    server.once('error', refuse);
    server.listen(address.port, address.host, () => {
      server.off('error', refuse);
      // A TCP server has an AddressInfo; a string is for pipes, null for closed servers.
      const { port } = server.address() as AddressInfo;
      const { host } = address;
      const scheme = server instanceof HttpsServer ? 'https' : 'http';
      resolve({ host, port, url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}` });
    });
  });
}

/** Exchanges the certificate. Connections that are open keep theirs. */
export function useTls(server: Front, tls: SecureContextOptions | undefined): void {
  if (tls !== undefined && server instanceof HttpsServer) server.setSecureContext(tls);
}
