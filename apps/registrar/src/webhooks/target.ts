import { BlockList, isIP } from 'node:net';
import { type Result, refuse } from '@farebox/protocol';

/** Networks that are nobody's on the internet: nothing is sent there on a stranger's word. */
const inward4 = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inward4.addSubnet(address, prefix, 'ipv4');

/** All that is given out of IPv6 (RFC 4291 §2.4). The rest is this machine's, a link's, a site's, or IPv4 in other clothes. */
const unicast6 = new BlockList();
unicast6.addSubnet('2000::', 3, 'ipv6');
/** What of it is nobody's: protocols' own (Teredo, benchmarks), documents, and 6to4, which is IPv4 again. */
const inward6 = new BlockList();
for (const [address, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  inward6.addSubnet(address, prefix, 'ipv6');

/** True for an address that a webhook may be at. IPv4 in IPv6 clothes is not, whatever it is outside of them. */
export function isOutwardAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !inward4.check(address, 'ipv4');
  return version === 6 && unicast6.check(address, 'ipv6') && !inward6.check(address, 'ipv6');
}

/**
 * Reads where a webhook is to be told.
 *
 * @param local plain HTTP and this machine are allowed too
 */
export function readWebhookTarget(text: string, local: boolean): Result<string> {
  if (!URL.canParse(text))
    return refuse('target', 'The target is no URL; write it like https://agent.example/hook.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    return refuse('target', 'The target has a user or a password in it; leave them out.');
  if (url.protocol !== 'https:' && !(local && url.protocol === 'http:'))
    return refuse('target', 'The target must be an https URL.');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!local && isIP(host) !== 0 && !isOutwardAddress(host))
    return refuse('target', 'The target is an address that cannot be reached from the internet.');
  return { ok: true, value: url.href };
}
