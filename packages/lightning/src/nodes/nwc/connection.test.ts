import { describe, expect, it } from 'vitest';
import { parseConnection, relaysMax } from './connection.js';

/** From NIP-47, "Example connection string". */
const walletKey = 'b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4';
const secret = '71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c';
const example = `nostr+walletconnect://${walletKey}?relay=wss%3A%2F%2Frelay.damus.io&secret=${secret}`;

describe('parseConnection', () => {
  it("reads NIP-47's own example", () => {
    const parsed = parseConnection(example);
    if (!parsed.ok) throw new Error(parsed.detail);
    expect(parsed.value).toMatchObject({ walletKey, relays: ['wss://relay.damus.io'] });
    expect(Buffer.from(parsed.value.secretKey).toString('hex')).toBe(secret);
    expect(parsed.value.clientKey).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['white space around it', `\n${example}\n`],
    ['the older scheme', example.replace('nostr+', 'nostr')],
    ['no slashes', example.replace('://', ':')],
    ['a Lightning address beside it', `${example}&lud16=a%40b.example`],
    ['capitals', example.replace(walletKey, walletKey.toUpperCase())],
  ])('takes %s', (_, text) => {
    expect(parseConnection(text)).toMatchObject({ ok: true, value: { walletKey } });
  });

  it('keeps the relays in their order, and not too many', () => {
    const many = Array.from(
      { length: relaysMax + 3 },
      (_, i) => `&relay=ws%3A%2F%2F127.0.0.1%3A${i + 1}`,
    ).join('');
    const parsed = parseConnection(`${example}${many}`);
    if (!parsed.ok) throw new Error(parsed.detail);
    expect(parsed.value.relays).toHaveLength(relaysMax);
    expect(parsed.value.relays.slice(0, 2)).toEqual(['wss://relay.damus.io', 'ws://127.0.0.1:1']);
  });

  it.each([
    ['nothing', '', 'connection_malformed'],
    ['another scheme', example.replace('nostr+walletconnect', 'https'), 'connection_malformed'],
    ['no key', example.replace(walletKey, 'abc'), 'connection_malformed'],
    ['no relay', example.replace('relay=', 'other='), 'relay_missing'],
    ['a relay that is none', example.replace('wss%3A', 'https%3A'), 'relay_missing'],
    ['no secret', example.replace('secret=', 'other='), 'secret_malformed'],
    ['half a secret', example.slice(0, -1), 'secret_malformed'],
    ['a secret that is no key', example.replace(secret, '0'.repeat(64)), 'secret_malformed'],
    ['a secret beyond the curve', example.replace(secret, 'f'.repeat(64)), 'secret_malformed'],
  ])('refuses %s, and repeats nothing', (_, text, code) => {
    const parsed = parseConnection(text);
    if (parsed.ok) throw new Error('It was taken.');
    expect(parsed.code).toBe(code);
    expect(parsed.detail).not.toContain(secret.slice(0, 16));
    expect(parsed.detail).not.toContain(walletKey.slice(0, 16));
  });
});
