import { BlockList, isIP } from 'node:net';
import { readForwarded } from './forwarded.js';

/** Most hops of a field that are looked at. Proxies of one's own are few. */
export const hopsMax = 32;

/** How a network is written: an address, or an address and a prefix length, `10.0.0.0/8`, `fd00::/8`. */
export const NETWORK_PATTERN = /^[0-9A-Fa-f:.]{2,45}(?:\/(?:0|[1-9][0-9]{0,2}))?$/;

/** A network of addresses. */
export interface Network {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

/**
 * Reads a network.
 *
 * @returns undefined when `text` is none
 */
export function parseNetwork(text: string): Network | undefined {
  if (!NETWORK_PATTERN.test(text)) return undefined;
  const [address = '', length] = text.split('/');
  const version = isIP(address);
  if (version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number.parseInt(length, 10);
  return prefix > bits ? undefined : { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

/** Tells who asks. */
export interface ClientAddress {
  /**
   * The address of the client, for limits: IPv4 as it is, IPv6 by its /64, because whoever has one address of a /64 has all.
   *
   * @param peer the other end of the connection, as the socket says
   * @param forwardedFor every `X-Forwarded-For` field, in their order
   * @param forwarded the `Forwarded` field (RFC 7239), several of them with commas between
   */
  read(peer: string | undefined, forwardedFor: readonly string[], forwarded?: string): string;
}

/**
 * Tells the address of a client that may come through proxies. Only what a trusted proxy has said is believed: from right
 * to left, each proxy names the one before it, and the first that is not trusted is the client. What stands further left was
 * written by the client itself, and says nothing.
 *
 * Where both fields are there, a proxy of ours has written one of them and may have passed the other on as the client sent
 * it. So they are followed only as far as they say the same, and a `Forwarded` that cannot be read is not followed at all:
 * who came with such fields is known by the proxy that they came through, and shares its limit.
 *
 * @example
 * ```ts
 * import { createClientAddress, parseNetwork } from '@farebox/gateway';
 * const proxies = [parseNetwork('10.0.0.0/8')].filter((network) => network !== undefined);
 * createClientAddress(proxies).read('10.0.0.1', ['1.2.3.4, 192.0.2.7']); // '192.0.2.7'
 * ```
 */
export function createClientAddress(trusted: readonly Network[]): ClientAddress {
  const proxies = new BlockList();
  for (const { address, prefix, family } of trusted) proxies.addSubnet(address, prefix, family);
  const isTrusted = (address: string): boolean =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return {
    read(peer, forwardedFor, forwarded) {
      let client = plainAddress(peer ?? '');
      // The connection is gone: whoever it was shares the limit of all who are nobody.
      if (client === undefined) return 'unknown';
      if (trusted.length === 0) return limitKey(client);
      const chains = chainsOf(forwardedFor, forwarded);
      while (isTrusted(client)) {
        const before = agreedHop(chains);
        // Nothing more, or a word that no proxy of ours writes in its right mind: it ends there.
        if (before === undefined) break;
        client = before;
      }
      return limitKey(client);
    },
  };
}

type Chain = (string | undefined)[];

/** What the fields say, the nearest proxy's word last. */
function chainsOf(forwardedFor: readonly string[], forwarded: string | undefined): readonly Chain[] {
  const chains: Chain[] = [];
  if (forwardedFor.length > 0)
    chains.push(
      forwardedFor
        .join(',')
        .split(',')
        .slice(-hopsMax)
        .map((hop) => hop.trim()),
    );
  if (forwarded !== undefined)
    chains.push((readForwarded(forwarded) ?? []).slice(-hopsMax).map(({ from }) => from));
  return chains;
}

/** Takes the nearest hop off each chain; undefined when there is none, or they do not say the same. */
function agreedHop(chains: readonly Chain[]): string | undefined {
  const [first, ...others] = chains.map((chain) => plainAddress(chain.pop() ?? ''));
  if (first === undefined) return undefined;
  return others.every((other) => other !== undefined && isSameAddress(first, other)) ? first : undefined;
}

function isSameAddress(one: string, other: string): boolean {
  if (isIP(one) !== isIP(other)) return false;
  return isIP(one) === 4 ? one === other : expand(one).join() === expand(other).join();
}

/** An address without brackets, port, zone and the IPv6 clothes of IPv4; undefined for what is none. */
export function plainAddress(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const bare =
    /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([0-9.]+):[0-9]{1,5}$/, '$1');
  const address = bare.replace(/%.*$/, '');
  if (isIP(address) === 0) return undefined;
  return /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address;
}

/** One key for all who can change their address at will. */
function limitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = expand(address);
  // IPv4 in the hexadecimal clothes of IPv6.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address. */
function expand(address: string): number[] {
  const text = address.replace(/[0-9]+(?:\.[0-9]+){3}$/, (ipv4) => {
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [left = '', right] = text.split('::');
  const groupsOf = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const head = groupsOf(left);
  const tail = groupsOf(right ?? '');
  return [...head, ...new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}
