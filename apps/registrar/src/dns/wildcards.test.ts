import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { ask, responderOf, shown } from './testing/ask.js';

describe('wildcards, as in the example of RFC 4592 §2.2.1', () => {
  const directory = new MemoryDirectory('example');
  directory.put('zone.example', {
    records: [
      ['*', 'TXT', 'this is a wildcard'],
      ['*', 'MX', '10 host1.zone.example.'],
      ['sub.*', 'TXT', 'this is not a wildcard'],
      ['host1', 'A', '192.0.2.1'],
      ['_ssh._tcp.host1', 'TXT', 'srv'],
      ['_ssh._tcp.host2', 'TXT', 'srv'],
      ['subdel', 'NS', 'ns.example.com.'],
      ['subdel', 'NS', 'ns.example.net.'],
    ],
  });
  const responder = responderOf(directory);

  it.each([
    ['host3.zone.example', 'MX', ['host3.zone.example MX 10 host1.zone.example']],
    ['foo.bar.zone.example', 'TXT', ['foo.bar.zone.example TXT this is a wildcard']],
    ['*.zone.example', 'TXT', ['*.zone.example TXT this is a wildcard']],
    ['sub.*.zone.example', 'TXT', ['sub.*.zone.example TXT this is not a wildcard']],
  ])('%s %s is synthesised', async (name, type, answers) => {
    const answer = await ask(responder, name, type);
    expect(answer).toMatchObject({ rcode: 'NOERROR', flag_aa: true });
    expect(shown(answer.answers)).toEqual(answers);
  });

  it.each([
    ['host3.zone.example', 'A', 'NOERROR'],
    ['host1.zone.example', 'MX', 'NOERROR'],
    ['sub.*.zone.example', 'MX', 'NOERROR'],
    ['_telnet._tcp.host1.zone.example', 'TXT', 'NXDOMAIN'],
    ['host2.zone.example', 'MX', 'NOERROR'],
    ['_tcp.host2.zone.example', 'MX', 'NOERROR'],
    ['ghost.*.zone.example', 'MX', 'NXDOMAIN'],
  ])('%s %s is not', async (name, type, rcode) => {
    expect(await ask(responder, name, type)).toMatchObject({ rcode, flag_aa: true, answers: [] });
  });

  it('host.subdel.zone.example is referred, not synthesised', async () => {
    const answer = await ask(responder, 'host.subdel.zone.example', 'A');
    expect(answer).toMatchObject({ rcode: 'NOERROR', flag_aa: false, answers: [] });
    expect(shown(answer.authorities)).toEqual([
      'subdel.zone.example NS ns.example.com',
      'subdel.zone.example NS ns.example.net',
    ]);
  });

  it('a name that exists only below a wildcard makes the wildcard exist, without data', async () => {
    directory.put('odd.example', { records: [['x.*', 'A', '192.0.2.1']] });
    expect(await ask(responder, 'any.odd.example', 'A')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });
});
