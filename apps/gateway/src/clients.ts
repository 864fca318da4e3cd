import type { IncomingMessage } from 'node:http';
import { createClientAddress, type Network } from './client-address.js';
import type { RequestFields } from './http/request-fields.js';
import type { Logger } from './log.js';

/** Most addresses whose reading is remembered. */
const rememberedMax = 4_096;

/** Tells who sent a request, for limits. */
export type ClientOf = (request: IncomingMessage, fields: RequestFields) => string;

/**
 * Makes the {@link ClientOf} of a gateway. Says once when requests seem to come through a proxy that is not named: then all
 * clients look like one, and share its limit.
 *
 * @param limited whether there is a limit that anybody could share
 */
export function createClientOf(trusted: readonly Network[], limited: boolean, logger: Logger): ClientOf {
  const addresses = createClientAddress(trusted);
  const remembered = new Map<string, string>();
  let warned = trusted.length > 0 || !limited;

  return function clientOf(request, { forwardedFor }) {
    const peer = request.socket.remoteAddress;
    const { forwarded } = request.headers;
    if (trusted.length > 0) return addresses.read(peer, forwardedFor, forwarded);
    if (!warned && (forwardedFor.length > 0 || forwarded !== undefined)) {
      warned = true;
      logger.warn(
        { peer },
        'a request came with X-Forwarded-For or Forwarded: if a proxy of yours wrote it, name it under trusted_proxies, or all clients share one limit',
      );
    }
    // A connection carries many requests, and the paid ones are in a hurry.
    const known = remembered.get(peer ?? '');
    if (known !== undefined) return known;
    const client = addresses.read(peer, forwardedFor);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(peer ?? '', client);
    return client;
  };
}
