import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { ask, responderOf, settings, shown } from './testing/ask.js';

const pointer = 'https://registrar.example';

describe('a registered name', () => {
  const directory = new MemoryDirectory('agent', 'chatbot', 'agents.example', 'example');
  directory.put('myname.agent', {
    records: [
      ['@', 'A', '192.0.2.1'],
      ['@', 'AAAA', '2001:db8::1'],
      ['@', 'MX', '10 mail.example.'],
      ['@', 'CAA', '0 issue "ca.example; policy=ev"'],
      ['@', 'TXT', 'v=spf1 -all'],
      ['_443._tcp', 'TLSA', `3 1 1 ${'ab'.repeat(32)}`],
    ],
  });
  directory.put('deep.agents.example');
  const responder = responderOf(directory);

  it('has its two pointers at the apex, beside what the owner says', async () => {
    const answer = await ask(responder, 'myname.agent', 'TXT');
    expect(answer.flag_aa).toBe(true);
    expect(answer.flag_ra).toBe(false);
    expect(answer.flag_rd).toBe(true);
    expect(shown(answer.answers)).toEqual([
      `myname.agent TXT agent-manifest=${pointer}/manifests/myname.agent.json`,
      `myname.agent TXT skill-md=${pointer}/skills/myname.agent.md`,
      'myname.agent TXT v=spf1 -all',
    ]);
  });

  it('answers every type that an owner may set', async () => {
    const of = async (name: string, type: string) => shown((await ask(responder, name, type)).answers);
    expect(await of('myname.agent', 'A')).toEqual(['myname.agent A 192.0.2.1']);
    expect(await of('myname.agent', 'AAAA')).toEqual(['myname.agent AAAA 2001:db8::1']);
    expect(await of('myname.agent', 'MX')).toEqual(['myname.agent MX 10 mail.example']);
    expect(await of('myname.agent', 'CAA')).toEqual(['myname.agent CAA 0 issue ca.example; policy=ev false']);
    const tlsa = await ask(responder, '_443._tcp.myname.agent', 'TLSA');
    expect(tlsa.answers).toMatchObject([
      {
        data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('ab'.repeat(32), 'hex') },
      },
    ]);
  });

  it('is answered the moment it is registered, and no longer once it is released', async () => {
    expect(await ask(responder, 'fresh.agent', 'TXT')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
    directory.put('fresh.agent');
    expect((await ask(responder, 'fresh.agent', 'TXT')).answers).toHaveLength(2);
    directory.release('fresh.agent');
    expect(await ask(responder, 'fresh.agent', 'TXT')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
  });

  it('belongs to the longest namespace', async () => {
    expect((await ask(responder, 'deep.agents.example', 'TXT')).answers).toHaveLength(2);
    expect(shown((await ask(responder, 'x.agents.example', 'A')).authorities)).toEqual([
      expect.stringMatching(/^agents\.example SOA /),
    ]);
  });

  it('keeps the upper and lower case of the question, in the owner too', async () => {
    const answer = await ask(responder, 'mYnAmE.AgEnT', 'A');
    expect(answer.questions).toMatchObject([{ name: 'mYnAmE.AgEnT' }]);
    expect(shown(answer.answers)).toEqual(['mYnAmE.AgEnT A 192.0.2.1']);
  });
});

describe('what is not there', () => {
  const directory = new MemoryDirectory('agent');
  directory.put('myname.agent', { records: [['a.b', 'A', '192.0.2.1']] });
  const responder = responderOf(directory);

  it.each([
    ['nobody.agent', 'A', 'NXDOMAIN'],
    ['www.nobody.agent', 'A', 'NXDOMAIN'],
    ['www.myname.agent', 'A', 'NXDOMAIN'],
    // Exists with other types, or only because of a name below it (RFC 4592 §2.2.2).
    ['myname.agent', 'AAAA', 'NOERROR'],
    ['b.myname.agent', 'A', 'NOERROR'],
    ['agent', 'A', 'NOERROR'],
    ['myname.agent', 'DS', 'NOERROR'],
  ])('%s %s is %s, with the SOA for as long as that may be kept (RFC 2308)', async (name, type, rcode) => {
    const answer = await ask(responder, name, type);
    expect(answer).toMatchObject({ rcode, flag_aa: true, answers: [] });
    expect(answer.authorities).toMatchObject([
      { name: 'agent', type: 'SOA', ttl: 60, data: { mname: 'ns1.agent', minimum: 60 } },
    ]);
  });

  it.each(['example.com', 'agentx', 'com', '.'])('%s is refused: it is not ours', async (name) => {
    expect(await ask(responder, name, 'A')).toMatchObject({ rcode: 'REFUSED', flag_aa: false, answers: [] });
  });

  it('the serial of the SOA grows with every change', async () => {
    const serialOf = async () => {
      const [soa] = (await ask(responder, 'agent', 'SOA')).answers ?? [];
      return soa?.type === 'SOA' ? (soa.data.serial ?? 0) : 0;
    };
    const before = await serialOf();
    directory.put('more.agent');
    expect(await serialOf()).toBeGreaterThan(before);
  });
});

describe('the apex of a namespace', () => {
  const directory = new MemoryDirectory('agent');
  // Should the name of a server have been sold after all, the server still answers.
  directory.put('ns1.agent', { records: [['@', 'A', '203.0.113.66']] });
  const responder = responderOf(directory);

  it('names its servers, with the addresses of those inside it', async () => {
    const answer = await ask(responder, 'agent', 'NS');
    expect(shown(answer.answers)).toEqual(['agent NS ns1.agent', 'agent NS ns2.dns.example']);
    expect(shown(answer.additionals)).toEqual(['ns1.agent A 192.0.2.53', 'ns1.agent AAAA 2001:db8::53']);
  });

  it('the configuration may leave out the dot at the end of their names', async () => {
    const plain = { ...settings, addresses: new Map([['ns1.agent', ['192.0.2.54']]]) };
    const answer = await ask(responderOf(directory, plain), 'ns1.agent', 'A');
    expect(shown(answer.answers)).toEqual(['ns1.agent A 192.0.2.54']);
  });

  it('the address of a server cannot be taken over by registering its name', async () => {
    expect(shown((await ask(responder, 'ns1.agent', 'A')).answers)).toEqual(['ns1.agent A 192.0.2.53']);
    expect((await ask(responder, 'ns1.agent', 'TXT')).answers).toEqual([]);
  });
});

describe('ANY', () => {
  it('is answered by one small record (RFC 8482)', async () => {
    const directory = new MemoryDirectory('agent');
    directory.put('myname.agent', {
      records: Array.from({ length: 50 }, (_, at) => ['@', 'TXT', `${at} ${'x'.repeat(200)}`] as const),
    });
    const responder = responderOf(directory);
    expect((await ask(responder, 'myname.agent', 'ANY')).answers).toMatchObject([
      { type: 'HINFO', data: { cpu: 'RFC8482', os: '' } },
    ]);
    expect((await ask(responder, 'agent', 'ANY')).answers).toHaveLength(1);
    expect((await ask(responder, 'nobody.agent', 'ANY')).rcode).toBe('NXDOMAIN');
  });
});

describe('names in grace', () => {
  const directory = new MemoryDirectory('agent');
  directory.put('late.agent', { status: 'grace', records: [['@', 'A', '192.0.2.1']] });
  const counts = async (graceAnswers?: 'all' | 'pointers' | 'none') => {
    const responder = responderOf(directory, graceAnswers ? { ...settings, graceAnswers } : settings);
    const [txt, a] = [await ask(responder, 'late.agent', 'TXT'), await ask(responder, 'late.agent', 'A')];
    return [txt.rcode, txt.answers?.length, a.rcode, a.answers?.length];
  };

  it('are answered as before, or only with the pointers, or not', async () => {
    expect(await counts()).toEqual(['NOERROR', 2, 'NOERROR', 1]);
    expect(await counts('all')).toEqual(['NOERROR', 2, 'NOERROR', 1]);
    expect(await counts('pointers')).toEqual(['NOERROR', 2, 'NOERROR', 0]);
    expect(await counts('none')).toEqual(['NXDOMAIN', 0, 'NXDOMAIN', 0]);
  });
});

describe('record sets', () => {
  const directory = new MemoryDirectory('agent');
  directory.put('myname.agent', {
    records: [
      ['@', 'A', '192.0.2.1', 900],
      ['@', 'A', '192.0.2.2', 30],
      ['@', 'A', '192.0.2.2', 60],
      ['@', 'A', 'not an address'],
      ['bad name', 'A', '192.0.2.3'],
      ['t', 'TXT', 'z'.repeat(300)],
      ['t', 'TXT', ''],
    ],
  });

  it('share the shortest time, hold nothing twice, and leave out what cannot be read (RFC 2181 §5)', async () => {
    const { answers } = await ask(responderOf(directory), 'myname.agent', 'A');
    expect(answers).toMatchObject([
      { data: '192.0.2.1', ttl: 30 },
      { data: '192.0.2.2', ttl: 30 },
    ]);
  });

  it('long texts are cut into character-strings of 255 bytes', async () => {
    const { answers } = await ask(responderOf(directory), 't.myname.agent', 'TXT');
    expect(shown(answers)).toEqual([
      `t.myname.agent TXT ${'z'.repeat(255)}|${'z'.repeat(45)}`,
      't.myname.agent TXT ',
    ]);
  });

  it('pointers can have the older form, or both', async () => {
    const texts = async (pointerForm: 'colon' | 'both') =>
      shown((await ask(responderOf(directory, { ...settings, pointerForm }), 'myname.agent', 'TXT')).answers);
    expect(await texts('colon')).toEqual([
      'myname.agent TXT agent-manifest:registrar.example/manifests/myname.agent.json',
      'myname.agent TXT skill-md:registrar.example/skills/myname.agent.md',
    ]);
    expect(await texts('both')).toHaveLength(4);
  });
});
