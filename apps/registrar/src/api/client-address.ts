import { BlockList, isIP } from 'node:net';

/** Tells who asks, for limits: IPv4 as it is, IPv6 by its /64. */
export type ClientAddress = (peer: string | undefined, forwardedFor: string | undefined) => string;

/**
 * Tells the address of a client. What `X-Forwarded-For` says is believed only from a trusted proxy, and only its last word:
 * that is what the proxy itself has written.
 *
 * @param proxies addresses of proxies of one's own
 */
export function createClientAddress(proxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of proxies) trusted.addAddress(proxy, isIP(proxy) === 6 ? 'ipv6' : 'ipv4');
  return (peer, forwardedFor) => {
    const direct = plain(peer ?? '');
    if (direct === undefined) return 'unknown';
    const isProxy = trusted.check(direct, isIP(direct) === 6 ? 'ipv6' : 'ipv4');
    const named = isProxy ? plain(forwardedFor?.split(',').at(-1)?.trim() ?? '') : undefined;
    return limitKey(named ?? direct);
  };
}

function plain(text: string): string | undefined {
  const address = text.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : address;
}

/** One key for all who can change their address at will. */
function limitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const gap = right === undefined ? 0 : Math.max(0, 8 - groups.length - tail.length);
  const all = [...groups, ...new Array<string>(gap).fill('0'), ...tail];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
