import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ResponseLimiter } from './rate-limit.js';
import { readRequest } from './request.js';
import { partsOf, type Responder } from './responder.js';
import { writeTruncated } from './response.js';

/** How many queries may be at work at once; more are not answered, and their askers try again. */
export const udpInFlightMax = 1_024;

/** What a socket needs. */
export interface UdpOptions {
  readonly host: string;
  readonly port: number;
  readonly respond: Responder;
  readonly limiter: ResponseLimiter;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Opens the socket and answers on it. Rejects where the address cannot be had. */
export async function serveUdp(options: UdpOptions): Promise<Socket> {
  const { host, port, respond, limiter, now, onError } = options;
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  let inFlight = 0;
  socket.on('message', (message, peer) => {
    // An answer to port 0 cannot be sent.
    if (inFlight >= udpInFlightMax || peer.port === 0) return;
    const send = (answer: Buffer): void => {
      // A peer that is gone is no fault of ours; the next one is.
      socket.send(answer, peer.port, peer.address, () => {});
    };
    const verdict = limiter.take(peer.address, now());
    if (verdict === 'drop') return;
    if (verdict === 'truncate') {
      const request = readRequest(message);
      if (request.kind !== 'drop') send(writeTruncated(partsOf(request)));
      return;
    }
    inFlight += 1;
    respond(message, 'udp')
      .then((answer) => answer !== undefined && send(answer))
      .catch(onError)
      .finally(() => {
        inFlight -= 1;
      });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', onError);
  return socket;
}
