import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { isThere, run } from '../zone/testing/programs.js';
import { type DnsServer, startDnsServer } from './server.js';
import { settings } from './testing/ask.js';

// The same is asked with our own client in server.test.ts and resolve.test.ts; this is what others see.
describe.skipIf(!isThere('dig'))('dig, if it is installed (dnsutils)', () => {
  const directory = new MemoryDirectory('agent');
  let server: DnsServer;
  const dig = async (...args: readonly string[]): Promise<string> =>
    run('dig', ['@127.0.0.1', '-p', String(server.port), '+time=20', '+tries=3', ...args]);

  beforeAll(async () => {
    server = await startDnsServer({ directory, settings, host: '127.0.0.1', port: 0 });
  });
  afterAll(() => server.close());

  it('finds the pointers right after the registration', async () => {
    expect(await dig('+short', 'TXT', 'myname.agent')).toBe('');
    directory.put('myname.agent', {
      records: [
        ['@', 'A', '192.0.2.1'],
        ['@', 'CAA', '0 issue "ca.example"'],
        ['_443._tcp', 'TLSA', `3 1 1 ${'ab'.repeat(32)}`],
        ['*', 'TXT', 'say "hello" \\ é'],
        ['big', 'TXT', 'z'.repeat(2_000)],
      ],
    });
    expect((await dig('+short', 'TXT', 'myname.agent')).trim().split('\n')).toEqual([
      '"agent-manifest=https://registrar.example/manifests/myname.agent.json"',
      '"skill-md=https://registrar.example/skills/myname.agent.md"',
    ]);
  });

  it('reads every type, over UDP and TCP, with the options that it has', async () => {
    expect((await dig('+short', 'CAA', 'myname.agent')).trim()).toBe('0 issue "ca.example"');
    expect((await dig('+short', 'TLSA', '_443._tcp.myname.agent')).replaceAll(' ', '').trim()).toBe(
      `311${'AB'.repeat(32)}`,
    );
    expect((await dig('+short', 'TXT', 'any.myname.agent')).trim()).toBe('"say \\"hello\\" \\\\ \\195\\169"');
    const options = ['+nsid', '+cookie', '+expire', '+subnet=192.0.2.0/24', '+padding=64', '+dnssec'];
    expect((await dig('+short', ...options, 'myname.agent')).trim()).toBe('192.0.2.1');
    expect((await dig('+short', '+tcp', '+keepalive', 'myname.agent')).trim()).toBe('192.0.2.1');
    // Truncated over UDP; dig asks again over TCP.
    expect((await dig('+short', 'TXT', 'big.myname.agent')).length).toBeGreaterThan(2_000);
  });

  it('sees NXDOMAIN with the SOA, REFUSED, NOTIMP and BADVERS', async () => {
    const missing = await dig('nobody.agent');
    expect(missing).toContain('status: NXDOMAIN');
    expect(missing).toMatch(/agent\.\s+60\s+IN\s+SOA\s+ns1\.agent\. hostmaster\.agent\. /);
    expect(await dig('example.com')).toContain('status: REFUSED');
    expect(await dig('+opcode=notify', 'agent')).toContain('status: NOTIMP');
    expect(await dig('+edns=1', '+noednsnegotiation', 'agent')).toContain('status: BADVERS');
    // Another version is negotiated down.
    expect(await dig('+edns=1', 'NS', 'agent')).toContain('status: NOERROR');
  });

  it('finds no warning to give', async () => {
    for (const question of ['myname.agent', 'agent', 'nobody.agent']) {
      expect(await dig('+norecurse', 'ANY', question)).not.toMatch(/warning|malformed|extra bytes/i);
    }
  });
});
