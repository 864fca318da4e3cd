import { describe, expect, it } from 'vitest';
import { readDomain, readYears } from './domain-name.js';

describe('a domain', () => {
  it('is a label and a namespace, in lower case, as ASCII', () => {
    expect(readDomain('MyName.Agent')).toEqual({ fqdn: 'myname.agent', label: 'myname', namespace: 'agent' });
    expect(readDomain('myname.agent.').fqdn).toBe('myname.agent');
    expect(readDomain('bücher.agent')).toMatchObject({ label: 'xn--bcher-kva', namespace: 'agent' });
    expect(readDomain('1.2').fqdn).toBe('1.2');
    expect(readDomain('a.b.c')).toMatchObject({ label: 'a', namespace: 'b.c' });
  });

  it.each([
    '',
    'myname',
    '.agent',
    'my name.agent',
    'a/../b.agent',
    'a?x.agent',
    'a.agent#',
    'a..agent',
    'ad\nmin.agent',
    'é\tb.agent',
    'é%61.agent',
    `${'a'.repeat(260)}.agent`,
  ])('is not %j', (text) => expect(() => readDomain(text)).toThrow('whole name'));
});

describe('years', () => {
  it('are whole, from 1 to 10', () => {
    expect(['1', '10'].map(readYears)).toEqual([1, 10]);
    for (const text of ['0', '11', '1.5', '-1', '', 'two', '1e1'])
      expect(() => readYears(text)).toThrow('1 to 10');
  });
});
