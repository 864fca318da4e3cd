import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../client-address.js';
import { createForwarder, type ForwardedStyle } from './forwarder.js';

const trusted = [parseNetwork('10.0.0.0/8'), parseNetwork('fd00::/8')].filter(
  (network) => network !== undefined,
);

/** What an upstream is told of a request from `peer`, as one object. */
function told(
  peer: string,
  fields: readonly string[],
  { style = 'x-forwarded', secure = false }: { style?: ForwardedStyle; secure?: boolean } = {},
): Record<string, string> {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  request.rawHeaders = ['Host', 'shop.test', ...fields];
  request.headers = { host: 'shop.test' };
  const into: string[] = [];
  createForwarder(trusted, secure, style).tell(request, into);
  return Object.fromEntries(into.flatMap((name, i) => (i % 2 === 0 ? [[name, into[i + 1] ?? '']] : [])));
}

const spoofed = [
  'X-Forwarded-For',
  '1.1.1.1',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'evil.test',
  'Forwarded',
  'for=1.1.1.1',
];

describe('where a request came from', () => {
  it('a client’s own word is replaced', () => {
    expect(told('192.0.2.7', spoofed)).toEqual({
      'X-Forwarded-For': '192.0.2.7',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.test',
    });
    expect(told('192.0.2.7', spoofed, { style: 'forwarded', secure: true })).toEqual({
      Forwarded: 'for=192.0.2.7;proto=https;host="shop.test"',
    });
  });

  it('a trusted proxy’s word is continued', () => {
    const fields = [
      'X-Forwarded-For',
      '192.0.2.7',
      'X-Forwarded-For',
      '10.1.1.1',
      'X-Forwarded-Proto',
      'https',
    ];
    expect(told('10.0.0.2', [...fields, 'X-Forwarded-Host', 'shop.example'])).toEqual({
      'X-Forwarded-For': '192.0.2.7, 10.1.1.1, 10.0.0.2',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'shop.example',
    });
    expect(told('10.0.0.2', ['Forwarded', 'for=192.0.2.7;proto=https'], { style: 'forwarded' })).toEqual({
      Forwarded: 'for=192.0.2.7;proto=https, for=10.0.0.2;proto=http',
    });
  });

  it('a proxy that says X-Forwarded-For is told on in the words of RFC 7239', () => {
    const fields = ['X-Forwarded-For', '2001:db8::1, 192.0.2.7, nobody'];
    expect(told('fd00::1', fields, { style: 'forwarded' }).Forwarded).toBe(
      'for="[2001:db8::1]", for=192.0.2.7, for=unknown, for="[fd00::1]";proto=http',
    );
  });

  it('a proxy that speaks RFC 7239 alone is told on in X-Forwarded-* too', () => {
    const said = (forwarded: string, style: ForwardedStyle = 'x-forwarded') =>
      told('10.0.0.2', ['Forwarded', forwarded], { style });
    const alone = 'for=9.9.9.9;proto=https;host="shop.example"';
    expect(said(alone, 'both')).toEqual({
      'X-Forwarded-For': '9.9.9.9, 10.0.0.2',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'shop.example',
      Forwarded: `${alone}, for=10.0.0.2;proto=http`,
    });
    const hops =
      'For="[2001:db8::1]:4711";Proto=HTTPS;Host="shop.example:8443", for="10.1.1.1:80";proto=http';
    expect(said(hops)).toEqual({
      'X-Forwarded-For': '2001:db8::1, 10.1.1.1, 10.0.0.2',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'shop.example:8443',
    });
    // What stands left of the first that is not ours was written by the client.
    const forged = 'for=1.1.1.1;proto=https;host=evil.test, for=192.0.2.7;proto=http;host=shop.example';
    expect(said(forged)).toMatchObject({
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.example',
    });
    expect(said('for=_hidden;proto=gopher;host="a b"')).toEqual({
      'X-Forwarded-For': 'unknown, 10.0.0.2',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.test',
    });
    expect(said('for=9.9.9.9;for=8.8.8.8')).toMatchObject({ 'X-Forwarded-For': '10.0.0.2' });
  });

  it('a Forwarded beside X-Forwarded-* says nothing in those: the client may have sent it', () => {
    const fields = ['X-Forwarded-For', '192.0.2.7', 'Forwarded', 'for=1.1.1.1;proto=https;host=evil.test'];
    expect(told('10.0.0.2', fields)).toEqual({
      'X-Forwarded-For': '192.0.2.7, 10.0.0.2',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.test',
    });
  });

  it('what does not end its quotes is dropped, so that nothing is appended inside of them', () => {
    const fields = ['Forwarded', 'for="192.0.2.7'];
    expect(told('10.0.0.2', fields, { style: 'forwarded' }).Forwarded).toBe(
      'for=10.0.0.2;proto=http;host="shop.test"',
    );
    const odd = ['X-Forwarded-Proto', 'gopher', 'X-Forwarded-Host', 'a"b'];
    expect(told('10.0.0.2', odd)).toMatchObject({
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'shop.test',
    });
  });

  it('IPv4 over an IPv6 socket is IPv4; both styles, or none', () => {
    expect(told('::ffff:192.0.2.7', [])['X-Forwarded-For']).toBe('192.0.2.7');
    expect(told('::ffff:10.0.0.2', ['X-Forwarded-For', '192.0.2.7'])['X-Forwarded-For']).toBe(
      '192.0.2.7, 10.0.0.2',
    );
    expect(Object.keys(told('192.0.2.7', [], { style: 'both' }))).toContain('Forwarded');
    expect(told('192.0.2.7', spoofed, { style: 'none' })).toEqual({});
  });
});
