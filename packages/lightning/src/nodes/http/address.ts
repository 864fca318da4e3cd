import { NodeError } from '../../node.js';
import type { NodeAddress } from './connect.js';
import { readTrust, type TlsTrust } from './trust.js';

const loopback: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

/** Where a node is, and what makes it trustworthy. */
export interface NodePlace {
  /** In messages, such as `LND`. */
  readonly name: string;
  /** `https://host:port`, with a path where a proxy needs one. */
  readonly url: string;
  readonly tls?: TlsTrust;
  /** Plain http beyond this machine, for a private network that is trusted with the credential. */
  readonly plainHttpAllowed?: boolean;
  /** How long an answer may take where the call says nothing else, milliseconds; 15,000 when left out. */
  readonly answerMs?: number;
}

/**
 * Reads where a node is.
 *
 * @throws NodeError `node_refused`: the address is none, carries a credential, or would send one unprotected
 */
export function readPlace(place: NodePlace): { readonly url: URL; readonly address: NodeAddress } {
  const { name } = place;
  const url = URL.canParse(place.url) ? new URL(place.url) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refused(`The address of ${name} must look like https://127.0.0.1:8080.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refused(`The address of ${name} holds more than host, port and path; give credentials by file.`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const plain = url.protocol === 'http:';
  if (plain && place.tls !== undefined) {
    throw refused(`The address of ${name} is plain http, but a TLS certificate is given; use https.`);
  }
  if (plain && !loopback.includes(host) && place.plainHttpAllowed !== true) {
    throw refused(
      `The address of ${name} is plain http on another machine, which shows the credential to the network; use https.`,
    );
  }
  const port = url.port === '' ? (plain ? 80 : 443) : Number(url.port);
  return { url, address: { host, port, trust: plain ? undefined : readTrust(place.tls) } };
}

function refused(message: string): NodeError {
  return new NodeError('node_refused', message);
}
