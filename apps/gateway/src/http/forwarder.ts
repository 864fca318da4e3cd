import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { type Network, plainAddress } from '../client-address.js';
import { readForwarded } from '../forwarded.js';

/** In which words an upstream is told where a request came from. */
export type ForwardedStyle = 'x-forwarded' | 'forwarded' | 'both' | 'none';

/** Says where requests came from. */
export interface Forwarder {
  /** Adds its fields to a header section (flat list) for an upstream. */
  tell(request: IncomingMessage, into: string[]): void;
}

/** Most addresses whose trust is remembered. */
const rememberedMax = 4_096;
/** Every quote is closed (RFC 9110 §5.6.4): what is appended stands outside of them. */
const quotesClosed = /^(?:[^"\\]|"(?:[^"\\]|\\.)*")*$/;
/** A host that can stand in a quoted string, and in a URL. */
const plainHost = /^[A-Za-z0-9.\-_:[\]]{1,255}$/;

/**
 * Makes the {@link Forwarder} of a gateway. A trusted proxy is believed, and what it says is continued: the chain of
 * `X-Forwarded-For` and of `Forwarded` (RFC 7239) gets its address at the end, and its words about scheme and host stand.
 * Whatever anybody else says about it is replaced. One that speaks RFC 7239 alone is told on in `X-Forwarded-*` too.
 *
 * @param secure true when clients come over TLS
 */
export function createForwarder(
  trusted: readonly Network[],
  secure: boolean,
  style: ForwardedStyle,
): Forwarder {
  const isTrusted = createTrust(trusted);
  const ownScheme = secure ? 'https' : 'http';
  const plain = style === 'x-forwarded' || style === 'both';
  const standard = style === 'forwarded' || style === 'both';
  return {
    tell(request, into) {
      if (style === 'none') return;
      const peer = plainPeer(request.socket.remoteAddress ?? '');
      const said = isTrusted?.(peer) === true ? wordsOf(request.rawHeaders, isTrusted) : undefined;
      const host = said?.host ?? request.headers.host;
      const scheme = said?.scheme ?? ownScheme;
      if (plain) {
        const chain = said === undefined || said.chain === '' ? peer : `${said.chain}, ${peer}`;
        into.push('X-Forwarded-For', chain, 'X-Forwarded-Proto', scheme);
        if (host !== undefined) into.push('X-Forwarded-Host', host);
      }
      if (standard) {
        const before = said === undefined ? '' : elementsOf(said);
        // The first proxy of a chain says what the client asked for; those behind it only where it came from.
        const own = before === '' ? element(peer, scheme, host) : element(peer, ownScheme, undefined);
        into.push('Forwarded', before === '' ? own : `${before}, ${own}`);
      }
    },
  };
}

/** Tells whether an address is a proxy's that is believed. */
type Trust = (address: string) => boolean;

function createTrust(trusted: readonly Network[]): Trust | undefined {
  if (trusted.length === 0) return undefined;
  const proxies = new BlockList();
  for (const { address, prefix, family } of trusted) proxies.addSubnet(address, prefix, family);
  const remembered = new Map<string, boolean>();
  return (address) => {
    const known = remembered.get(address);
    if (known !== undefined) return known;
    const version = isIP(address);
    const is = version !== 0 && proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(address, is);
    return is;
  };
}

/** An IPv4 address that comes over an IPv6 socket is told as what it is. */
function plainPeer(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** What a trusted proxy has said. */
interface Words {
  /** Every X-Forwarded-For, as one list; empty when there was none. */
  readonly chain: string;
  /** Every Forwarded, as one list; empty when there was none, or when a quote of it does not end. */
  readonly forwarded: string;
  readonly scheme: 'http' | 'https' | undefined;
  readonly host: string | undefined;
}

function wordsOf(raw: readonly string[], isTrusted: Trust): Words {
  const said = readWords(raw);
  const { chain, forwarded, scheme, host } = said;
  // Beside X-Forwarded-* it may be the client's own, which a proxy that does not know the field has let pass.
  if (forwarded === '' || chain !== '' || scheme !== undefined || host !== undefined) return said;
  const elements = readForwarded(forwarded) ?? [];
  const hops = elements.map(({ from = '' }) => plainAddress(from));
  // From right to left each proxy that is believed names the one before it; the last of them knows what was asked for.
  let at = elements.length - 1;
  while (at > 0 && isTrusted(hops[at] ?? '')) at -= 1;
  const asked = elements[at];
  return {
    forwarded,
    chain: hops.map((hop) => hop ?? 'unknown').join(', '),
    scheme: schemeIn(asked?.proto?.toLowerCase()),
    host: hostIn(asked?.host),
  };
}

function schemeIn(text: string | undefined): Words['scheme'] {
  return text === 'http' || text === 'https' ? text : undefined;
}

function hostIn(text: string | undefined): string | undefined {
  return text !== undefined && plainHost.test(text) ? text : undefined;
}

/** What stands in the fields, each for itself. */
function readWords(raw: readonly string[]): Words {
  const chain: string[] = [];
  const forwarded: string[] = [];
  let scheme: 'http' | 'https' | undefined;
  let host: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const value = (raw[i + 1] ?? '').trim();
    switch (raw[i]?.toLowerCase()) {
      case 'x-forwarded-for':
        if (value !== '') chain.push(value);
        break;
      case 'forwarded':
        if (value !== '') forwarded.push(value);
        break;
      case 'x-forwarded-proto':
        scheme = schemeIn(value) ?? scheme;
        break;
      case 'x-forwarded-host':
        host = hostIn(value) ?? host;
        break;
    }
  }
  const list = forwarded.join(', ');
  return { chain: chain.join(', '), forwarded: quotesClosed.test(list) ? list : '', scheme, host };
}

/** The elements that stand before ours: as given, or made of the addresses of X-Forwarded-For (RFC 7239 §7.4). */
function elementsOf({ chain, forwarded }: Words): string {
  if (forwarded !== '' || chain === '') return forwarded;
  return chain
    .split(',')
    .map((hop) => `for=${node(hop.trim())}`)
    .join(', ');
}

/** One forwarded-element (RFC 7239 §4). */
function element(address: string, scheme: string, host: string | undefined): string {
  const named = host !== undefined && plainHost.test(host) ? `;host="${host}"` : '';
  return `for=${node(address)};proto=${scheme}${named}`;
}

/** A node (RFC 7239 §6): an address, IPv6 in brackets and quotes, or the word for one that is not known. */
function node(address: string): string {
  const version = isIP(address);
  if (version === 4) return address;
  return version === 6 ? `"[${address}]"` : 'unknown';
}
