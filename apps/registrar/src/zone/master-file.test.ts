import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settings } from '../dns/testing/ask.js';
import { exportZone } from './master-file.js';
import { MemoryDirectory } from './testing/memory-directory.js';
import { isThere, run } from './testing/programs.js';
import { nameServerLabels } from './zones.js';

async function exported(directory: MemoryDirectory, namespace = 'agent', own = settings): Promise<string> {
  let text = '';
  for await (const line of exportZone(directory, namespace, own)) text += line;
  return text;
}

/** A directory with everything that has a way to be written. */
function furnished(): MemoryDirectory {
  const directory = new MemoryDirectory('agent', 'chatbot', 'sub.agent');
  directory.put('zeta.agent');
  directory.put('myname.agent', {
    records: [
      ['www', 'CNAME', 'myname.agent.'],
      ['@', 'A', '192.0.2.2'],
      ['@', 'A', '192.0.2.1'],
      ['@', 'AAAA', '2001:db8::1'],
      ['@', 'MX', '10 mail.myname.agent.'],
      ['mail', 'A', '192.0.2.3'],
      ['@', 'CAA', '0 issue "ca.example"'],
      ['_443._tcp', 'TLSA', `3 1 1 ${'ab'.repeat(32)}`],
      ['*', 'TXT', 'quote " slash \\ semi ; paren ( at @ newline \n tab \t null \0 é'],
      ['long', 'TXT', 'z'.repeat(300)],
      ['a.b', 'A', '192.0.2.4'],
    ],
  });
  directory.put('del.agent', {
    records: [
      ['@', 'NS', 'ns.del.agent.'],
      ['@', 'A', '192.0.2.66'],
      ['ns', 'A', '192.0.2.9'],
      ['www', 'A', '192.0.2.10'],
    ],
  });
  directory.put('ns1.agent', { records: [['@', 'A', '203.0.113.66']] });
  directory.put('late.agent', { status: 'grace' });
  return directory;
}

describe('the export of a namespace', () => {
  it('has our records, then the domains by name; escaped, and without what a delegation hides', async () => {
    const text = await exported(furnished());
    expect(text.replaceAll('\t', ' ').split('\n')).toEqual([
      '$ORIGIN agent.',
      '$TTL 3600',
      'agent. 3600 IN SOA ns1.agent. hostmaster.agent. 6 3600 600 1209600 60',
      'agent. 3600 IN NS ns1.agent.',
      'agent. 3600 IN NS ns2.dns.example.',
      'ns1.agent. 3600 IN A 192.0.2.53',
      'ns1.agent. 3600 IN AAAA 2001:db8::53',
      'del.agent. 300 IN NS ns.del.agent.',
      'ns.del.agent. 300 IN A 192.0.2.9',
      'late.agent. 300 IN TXT "agent-manifest=https://registrar.example/manifests/late.agent.json"',
      'late.agent. 300 IN TXT "skill-md=https://registrar.example/skills/late.agent.md"',
      'myname.agent. 300 IN A 192.0.2.1',
      'myname.agent. 300 IN A 192.0.2.2',
      'myname.agent. 300 IN AAAA 2001:db8::1',
      'myname.agent. 300 IN CAA 0 issue "ca.example"',
      'myname.agent. 300 IN MX 10 mail.myname.agent.',
      'myname.agent. 300 IN TXT "agent-manifest=https://registrar.example/manifests/myname.agent.json"',
      'myname.agent. 300 IN TXT "skill-md=https://registrar.example/skills/myname.agent.md"',
      '*.myname.agent. 300 IN TXT "quote \\" slash \\\\ semi ; paren ( at @ newline \\010 tab \\009 null \\000 \\195\\169"',
      '_443._tcp.myname.agent. 300 IN TLSA 3 1 1 abababababababababababababababababababababababababababababababab',
      'a.b.myname.agent. 300 IN A 192.0.2.4',
      `long.myname.agent. 300 IN TXT "${'z'.repeat(255)}" "${'z'.repeat(45)}"`,
      'mail.myname.agent. 300 IN A 192.0.2.3',
      'www.myname.agent. 300 IN CNAME myname.agent.',
      'zeta.agent. 300 IN TXT "agent-manifest=https://registrar.example/manifests/zeta.agent.json"',
      'zeta.agent. 300 IN TXT "skill-md=https://registrar.example/skills/zeta.agent.md"',
      '',
    ]);
  });

  it('is the same for the same directory, in whatever order the owner wrote', async () => {
    const [one, other] = [new MemoryDirectory('agent'), new MemoryDirectory('agent')];
    const records = [
      ['b', 'A', '192.0.2.1'],
      ['a', 'TXT', 'x'],
      ['a', 'TXT', 'w'],
    ] as const;
    one.put('myname.agent', { records });
    other.put('myname.agent', { records: records.toReversed() });
    expect(await exported(one)).toBe(await exported(other));
  });

  it('leaves out names in grace where nothing is answered for them', async () => {
    const text = await exported(furnished(), 'agent', { ...settings, graceAnswers: 'none' });
    expect(text).not.toContain('late.agent');
  });

  it('of a namespace that is not there is an error', async () => {
    await expect(exported(furnished(), 'nowhere')).rejects.toThrow('There is no namespace nowhere');
    await expect(exported(furnished(), 'myname.agent')).rejects.toThrow('There is no namespace');
  });

  it('knows which labels its own name servers take', () => {
    const [namespace] = furnished().namespaces();
    expect(namespace && nameServerLabels(namespace)).toEqual(['ns1']);
  });
});

describe.skipIf(!isThere('named-checkzone'))('named-checkzone, if it is installed (bind9-utils)', () => {
  async function checked(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'farebox-zone-'));
    try {
      const file = join(folder, 'agent.zone');
      await writeFile(file, text);
      // -D writes what was read; -i none asks nobody else about other zones.
      return await run('named-checkzone', ['-q', '-i', 'none', '-D', 'agent', file]);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('takes the export, and reads in it what we have', async () => {
    const text = await exported(furnished());
    const lines = (from: string) =>
      from
        .split('\n')
        .filter((line) => /\sIN\s/.test(line) && !/\sSOA\s/.test(line))
        .map((line) =>
          line
            .replace(/\s+/g, ' ')
            .toLowerCase()
            .replace(/([0-9a-f]{56}) ([0-9a-f]{8})$/, '$1$2'),
        )
        .toSorted();
    expect(lines(await checked(text))).toEqual(lines(text));
  });

  it('takes any text that an owner may write', async () => {
    const directory = new MemoryDirectory('agent');
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 400 }), 200);
    directory.put('myname.agent', { records: texts.map((text, at) => [`t${at}`, 'TXT', text] as const) });
    const read = await checked(await exported(directory));
    expect(read.match(/^t\d+\.myname\.agent\./gm)).toHaveLength(texts.length);
  });
});
