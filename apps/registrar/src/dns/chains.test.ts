import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../zone/testing/memory-directory.js';
import { aliasesMax } from './resolve.js';
import { ask, responderOf, shown } from './testing/ask.js';

describe('aliases', () => {
  const directory = new MemoryDirectory('agent', 'chatbot');
  const chain = Array.from({ length: 20 }, (_, at) => [`c${at}`, 'CNAME', `c${at + 1}.long.agent.`] as const);
  directory.put('long.agent', { records: chain });
  directory.put('myname.agent', {
    records: [
      ['www', 'CNAME', 'target.chatbot.'],
      ['out', 'CNAME', 'elsewhere.invalid.'],
      ['gone', 'CNAME', 'nobody.agent.'],
      ['self', 'CNAME', 'self.myname.agent.'],
      ['ping', 'CNAME', 'pong.myname.agent.'],
      ['pong', 'CNAME', 'ping.myname.agent.'],
      ['*.w', 'CNAME', 'target.chatbot.'],
      ['both', 'A', '192.0.2.7'],
      ['both', 'CNAME', 'target.chatbot.'],
      ['@', 'CNAME', 'target.chatbot.'],
      ['del', 'CNAME', 'x.del.chatbot.'],
    ],
  });
  directory.put('target.chatbot', { records: [['@', 'A', '192.0.2.8']] });
  directory.put('del.chatbot', { records: [['@', 'NS', 'ns.elsewhere.invalid.']] });
  const responder = responderOf(directory);
  const answersOf = async (name: string, type = 'A') => {
    const answer = await ask(responder, name, type);
    return [answer.rcode, ...shown(answer.answers), ...shown(answer.authorities).map((each) => `! ${each}`)];
  };

  it('are followed through all our namespaces, and no further', async () => {
    expect(await answersOf('www.myname.agent')).toEqual([
      'NOERROR',
      'www.myname.agent CNAME target.chatbot',
      'target.chatbot A 192.0.2.8',
    ]);
    expect(await answersOf('out.myname.agent')).toEqual([
      'NOERROR',
      'out.myname.agent CNAME elsewhere.invalid',
    ]);
    expect(await answersOf('www.myname.agent', 'CNAME')).toHaveLength(2);
    expect(await answersOf('a.w.myname.agent')).toEqual([
      'NOERROR',
      'a.w.myname.agent CNAME target.chatbot',
      'target.chatbot A 192.0.2.8',
    ]);
  });

  it('the code is that of the last name (RFC 6604)', async () => {
    const answer = await answersOf('gone.myname.agent');
    expect(answer.slice(0, 2)).toEqual(['NXDOMAIN', 'gone.myname.agent CNAME nobody.agent']);
    expect(answer[2]).toMatch(/^! agent SOA/);
    expect((await answersOf('www.myname.agent', 'MX'))[0]).toBe('NOERROR');
  });

  it('in a circle end, as do long ones', async () => {
    expect(await answersOf('self.myname.agent')).toHaveLength(2);
    expect(await answersOf('ping.myname.agent')).toEqual([
      'NOERROR',
      'ping.myname.agent CNAME pong.myname.agent',
      'pong.myname.agent CNAME ping.myname.agent',
    ]);
    expect(await answersOf('c0.long.agent')).toHaveLength(1 + aliasesMax);
  });

  it('into a delegation carry the referral', async () => {
    expect(await answersOf('del.myname.agent')).toEqual([
      'NOERROR',
      'del.myname.agent CNAME x.del.chatbot',
      '! del.chatbot NS ns.elsewhere.invalid',
    ]);
  });

  it('beside other records are left out: the pointers at the apex always stand', async () => {
    expect(await answersOf('both.myname.agent')).toEqual(['NOERROR', 'both.myname.agent A 192.0.2.7']);
    expect((await ask(responder, 'myname.agent', 'TXT')).answers).toHaveLength(2);
  });
});

describe('delegations', () => {
  const directory = new MemoryDirectory('agent');
  directory.put('del.agent', {
    records: [
      ['@', 'NS', 'ns.del.agent.'],
      ['@', 'NS', 'ns.other.agent.'],
      ['@', 'NS', 'ns.elsewhere.invalid.'],
      ['@', 'A', '192.0.2.66'],
      ['ns', 'A', '192.0.2.9'],
      ['ns', 'AAAA', '2001:db8::9'],
    ],
  });
  directory.put('other.agent', { records: [['ns', 'A', '192.0.2.10']] });
  const responder = responderOf(directory);

  it.each(['del.agent', 'www.del.agent', 'ns.del.agent'])('%s is referred, with glue', async (name) => {
    const answer = await ask(responder, name, 'A');
    expect(answer).toMatchObject({ rcode: 'NOERROR', flag_aa: false, answers: [] });
    expect(shown(answer.authorities)).toEqual([
      'del.agent NS ns.del.agent',
      'del.agent NS ns.other.agent',
      'del.agent NS ns.elsewhere.invalid',
    ]);
    expect(shown(answer.additionals)).toEqual([
      'ns.del.agent A 192.0.2.9',
      'ns.del.agent AAAA 2001:db8::9',
      'ns.other.agent A 192.0.2.10',
    ]);
  });

  it('the parent itself answers for DS: there is none', async () => {
    expect(await ask(responder, 'del.agent', 'DS')).toMatchObject({ flag_aa: true, rcode: 'NOERROR' });
  });
});
