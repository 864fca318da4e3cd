import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClientAddress, type Network, parseNetwork } from './client-address.js';

function reader(...networks: string[]) {
  const trusted: Network[] = [];
  for (const text of networks) {
    const network = parseNetwork(text);
    if (network === undefined) throw new Error(`No network: ${text}`);
    trusted.push(network);
  }
  return createClientAddress(trusted);
}

describe('who asks', () => {
  it('is the other end of the connection, whatever the request says', () => {
    const nobody = reader();
    expect(nobody.read('192.0.2.7', [])).toBe('192.0.2.7');
    expect(nobody.read('192.0.2.7', ['1.2.3.4'])).toBe('192.0.2.7');
    expect(nobody.read('127.0.0.1', ['1.2.3.4'])).toBe('127.0.0.1');
    expect(reader('10.0.0.0/8').read('192.0.2.7', ['1.2.3.4', '10.0.0.1'])).toBe('192.0.2.7');
  });

  it('is what the nearest trusted proxy says, and nothing that stands to the left of it', () => {
    const behind = reader('10.0.0.0/8', '127.0.0.1', '::1');
    expect(behind.read('10.1.2.3', ['192.0.2.7'])).toBe('192.0.2.7');
    expect(behind.read('10.1.2.3', ['8.8.8.8, 192.0.2.7'])).toBe('192.0.2.7');
    expect(behind.read('10.1.2.3', ['10.9.9.9, 192.0.2.7'])).toBe('192.0.2.7');
    expect(behind.read('127.0.0.1', ['6.6.6.6', '192.0.2.7, 10.0.0.5', '10.0.0.6'])).toBe('192.0.2.7');
    expect(behind.read('::1', ['192.0.2.7'])).toBe('192.0.2.7');
    expect(behind.read('::ffff:10.1.2.3', ['192.0.2.7'])).toBe('192.0.2.7');
  });

  it('is the farthest proxy when there are only trusted ones', () => {
    expect(reader('10.0.0.0/8').read('10.0.0.1', ['10.0.0.3, 10.0.0.2'])).toBe('10.0.0.3');
    expect(reader('10.0.0.0/8').read('10.0.0.1', [])).toBe('10.0.0.1');
  });

  it('is the one who wrote what is no address', () => {
    const behind = reader('10.0.0.0/8');
    for (const word of [
      'unknown',
      '_hidden',
      '',
      '1.2.3',
      '1.2.3.4.5',
      '999.1.1.1',
      '<script>',
      '1'.repeat(9_000),
    ])
      expect(behind.read('10.0.0.1', [`1.2.3.4, ${word}`]), word).toBe('10.0.0.1');
  });

  it('is read with port, brackets, zone and spaces as proxies write them', () => {
    const behind = reader('10.0.0.0/8');
    expect(behind.read('10.0.0.1', ['192.0.2.7:4711'])).toBe('192.0.2.7');
    expect(behind.read('10.0.0.1', ['[2001:db8::1]:4711'])).toBe('2001:db8:0:0::/64');
    expect(behind.read('10.0.0.1', ['[2001:db8::1]'])).toBe('2001:db8:0:0::/64');
    expect(behind.read('10.0.0.1', [' 192.0.2.7 '])).toBe('192.0.2.7');
    expect(reader().read('fe80::1%eth0', [])).toBe('fe80:0:0:0::/64');
  });

  it('is one for all addresses of a /64, and another for each /64', () => {
    const direct = reader();
    const ofOne = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(ofOne, ([high, low]) => {
        const address = `2001:db8:1:2:${high.toString(16)}:0:0:${low.toString(16)}`;
        expect(direct.read(address, [])).toBe('2001:db8:1:2::/64');
      }),
    );
    expect(direct.read('2001:db8:1:3::1', [])).not.toBe(direct.read('2001:db8:1:2::1', []));
    expect(direct.read('2001:DB8:1:2::9', [])).toBe('2001:db8:1:2::/64');
    expect(direct.read('::1', [])).toBe('0:0:0:0::/64');
  });

  it('is the same IPv4 client in every dress', () => {
    for (const dress of ['192.0.2.7', '::ffff:192.0.2.7', '::ffff:c000:207', '0:0:0:0:0:ffff:c000:207'])
      expect(reader().read(dress, []), dress).toBe('192.0.2.7');
  });

  it('is nobody when the connection has gone', () => {
    expect(reader('10.0.0.0/8').read(undefined, ['1.2.3.4'])).toBe('unknown');
  });

  it('never is what a client invents, whatever it sends from outside', () => {
    const behind = reader('10.0.0.0/8', 'fd00::/8');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), { maxLength: 50 }), (fields) => {
        expect(behind.read('192.0.2.7', fields)).toBe('192.0.2.7');
        expect(behind.read('10.0.0.1', [...fields, '192.0.2.7'])).toBe('192.0.2.7');
        expect(behind.read('fd00::1', [[...fields, '192.0.2.7'].join(',')])).toBe('192.0.2.7');
      }),
    );
  });

  it('takes no time from a header of thousands of trusted hops', () => {
    const hops = `1.2.3.4, ${Array(5_000).fill('10.0.0.1').join(', ')}`;
    expect(reader('10.0.0.0/8').read('10.0.0.1', [hops])).toBe('10.0.0.1');
  });
});

describe('who asks, in the words of RFC 7239', () => {
  const behind = reader('10.0.0.0/8', 'fd00::/8');
  const read = (forwarded: string, forwardedFor: readonly string[] = []) =>
    behind.read('10.0.0.1', forwardedFor, forwarded);

  it.each([
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe:0::/64'],
    ['for="192.0.2.43:47011"', '192.0.2.43'],
    ['for=8.8.8.8, for=192.0.2.43', '192.0.2.43'],
    ['for=192.0.2.43, for=10.0.0.7', '192.0.2.43'],
    ['for=192.0.2.43,for="[fd00::1]";proto=https , for=10.0.0.7;host="a,b;c=\\"d"', '192.0.2.43'],
    ['proto=https;for=192.0.2.43', '192.0.2.43'],
    [', for=192.0.2.43 ,', '192.0.2.43'],
  ])('%s', (text, client) => expect(read(text)).toBe(client));

  it.each([
    'for=unknown',
    'for=_hidden',
    'for="_gazonk"',
    'proto=https',
    'for=1.2.3.4, by=10.0.0.9',
    // No proxy of ours writes what the grammar does not know.
    'for=[2001:db8::1]',
    'for=192.0.2.43:80',
    'for=1.2.3.4;for=192.0.2.43',
    'for="192.0.2.43',
    'for = 192.0.2.43',
    'for=192.0.2.43 for=1.2.3.4',
    'for==192.0.2.43',
    'for=192.0.2.43;;"',
    '192.0.2.43',
  ])('%s: the proxy itself', (text) => expect(read(text)).toBe('10.0.0.1'));

  it('is not read from anybody but a trusted proxy', () => {
    expect(behind.read('192.0.2.7', [], 'for=1.2.3.4')).toBe('192.0.2.7');
    expect(reader().read('10.0.0.1', [], 'for=1.2.3.4')).toBe('10.0.0.1');
  });

  it('is followed beside X-Forwarded-For as far as both say the same', () => {
    expect(read('for=192.0.2.7', ['192.0.2.7'])).toBe('192.0.2.7');
    expect(read('for="[2001:DB8:0:0::1]"', ['2001:db8::1'])).toBe('2001:db8:0:0::/64');
    expect(read('for=9.9.9.9, for=192.0.2.7', ['8.8.8.8, 192.0.2.7'])).toBe('192.0.2.7');
    // One of the two is the client's own: whichever it is, it does not choose.
    expect(read('for=1.2.3.4', ['192.0.2.7'])).toBe('10.0.0.1');
    expect(read('for=192.0.2.7', ['1.2.3.4'])).toBe('10.0.0.1');
    expect(read('for=1.2.3.4, for=10.0.0.7', ['192.0.2.7, 10.0.0.7'])).toBe('10.0.0.7');
    expect(read('for=192.0.2.7', ['192.0.2.7, 10.0.0.7'])).toBe('10.0.0.1');
    expect(read('no such field', ['192.0.2.7'])).toBe('10.0.0.1');
  });

  it('gives a client that invents fields no address but its own or the proxy’s', () => {
    const text = fc.oneof(
      fc.string(),
      fc.ipV4().map((address) => `for=${address}`),
      fc.constant('for="'),
    );
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 5 }), (forwarded, forwardedFor) => {
        // The proxy appends to X-Forwarded-For, and passes Forwarded on.
        const appended = [...forwardedFor, '192.0.2.7'];
        expect(['192.0.2.7', '10.0.0.1']).toContain(behind.read('10.0.0.1', appended, forwarded));
        // Or the other way round.
        const passedOn = [forwarded, 'for=192.0.2.7'].join(', ');
        const seen = behind.read('10.0.0.1', forwardedFor, passedOn);
        if (forwardedFor.length > 0) expect(['192.0.2.7', '10.0.0.1']).toContain(seen);
      }),
    );
  });

  it('takes no time from a long field that is none', () => {
    for (const long of [' '.repeat(60_000), 'for=1.2.3.4,'.repeat(5_000), `for="${'\\'.repeat(60_001)}`])
      expect(read(`${long}!"`)).toBe('10.0.0.1');
  });
});

describe('a network', () => {
  it.each(['10.0.0.0/8', '127.0.0.1', 'fd00::/8', '::1', '0.0.0.0/0', '::ffff:10.0.0.0/104'])(
    'may be %s',
    (text) => expect(parseNetwork(text)).toBeDefined(),
  );
  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    'localhost',
    '10.0.0.0/8/8',
  ])('is not %j', (text) => expect(parseNetwork(text)).toBeUndefined());
});
