import { describe, expect, it } from 'vitest';
import { isOutwardAddress, readWebhookTarget } from './target.js';

describe('an address that a webhook may be at', () => {
  it.each([
    '8.8.8.8',
    '203.0.114.1',
    '192.0.9.1',
    '2606:4700::1111',
    '2400:cb00:2048:1::c629:d7a2',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2003::1',
    '3ff0::1',
  ])('%s is outward', (address) => {
    expect(isOutwardAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '0.0.0.0',
    // For documents (RFC 5737).
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '255.255.255.255',
    '::',
    '::1',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '100::1',
    '4000::1',
    // IPv4 in IPv6 clothes: mapped, compatible, translated, NAT64, 6to4, Teredo.
    '::ffff:8.8.8.8',
    '::7f00:1',
    '::ffff:0:7f00:1',
    '64:ff9b::a00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::a00:1',
    '2002:a00:1::1',
    '2001:0:1::1',
    // For documents, benchmarks and what is made of a hash (RFC 3849, RFC 9637, RFC 5180, RFC 7343).
    '2001:db8::1',
    '3fff::1',
    '2001:2::1',
    '2001:20::1',
    'fe80::1%eth0',
    'localhost',
    '',
  ])('%j is not', (address) => {
    expect(isOutwardAddress(address)).toBe(false);
  });
});

describe('the target of a webhook', () => {
  it.each([
    'http://a.example/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[2002:7f00:1::]/',
    'https://[64:ff9b:1::a00:1]/',
    'https://[::127.0.0.1]/',
    'https://u:p@a.example/',
    'ftp://a.example',
    'x',
  ])('is not %s', (target) => {
    expect(readWebhookTarget(target, false).ok).toBe(false);
  });

  it('is https on the internet', () => {
    expect(readWebhookTarget('https://a.example/hook', false).ok).toBe(true);
    expect(readWebhookTarget('https://[2606:4700::1111]/hook', false).ok).toBe(true);
  });
});
