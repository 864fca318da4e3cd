import { BlockList, isIP } from 'node:net';
import { type Result, refuse } from '@farebox/protocol';

/** Networks that are nobody's on the internet: nothing is sent there on a stranger's word. */
const inward4 = new BlockList();
const inward6 = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inward4.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inward6.addSubnet(address, prefix, 'ipv6');

/** True for an address that a webhook may be at. IPv4 in IPv6 clothes is not. */
export function isOutwardAddress(address: string): boolean {
  const version = isIP(address);
  // Two lists: in one, the IPv4 in IPv6 clothes that is refused would be every IPv4 address.
  if (version === 4) return !inward4.check(address, 'ipv4');
  return version === 6 && !inward6.check(address, 'ipv6');
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
