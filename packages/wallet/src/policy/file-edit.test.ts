import { describe, expect, it } from 'vitest';
import { money, sat, token } from '../testing/policy-money.js';
import { changePolicy, PolicyChangeError } from './file-edit.js';
import { PolicyError } from './file-issues.js';
import { parsePolicy } from './file-parse.js';

describe('a change', () => {
  const text = `# mine
limits:
  payment: [5 sat] # five
  # the day
  day:
    - 20 sat # twenty
    - 2 pathUSD
`;
  const change = (key: string, values: readonly string[], remove = false) =>
    changePolicy(text, 'policy.yaml', money, { key, values, remove }).text;

  it('replaces the amount of the same currency, and keeps every comment', () => {
    expect(change('limits.day', ['30', 'sat'])).toBe(text.replace('20 sat', '30 sat'));
    expect(change('limits.day', ['30sat,1pathUSD'])).toBe(
      text.replace('20 sat', '30 sat').replace('2 pathUSD', '1 pathUSD'),
    );
    expect(change('limits.payment', ['1 pathUSD'])).toContain('payment: [5 sat, 1 pathUSD] # five');
  });

  it('makes the way to a new key', () => {
    const changed = changePolicy(text, 'policy.yaml', money, {
      key: 'hosts[api.example.com].day',
      values: ['3 sat'],
    });
    expect(changed.policy.hosts.get('api.example.com')?.day).toEqual([sat(3n)]);
    expect(changed.text.startsWith(text)).toBe(true);
  });

  it('adds places once, and takes them away', () => {
    const added = change('deny.origins', ['https://a.test', 'https://b.test', 'https://a.test']);
    expect(parsePolicy(added, '', money).policy.deny.origins).toEqual(['https://a.test', 'https://b.test']);
    const less = changePolicy(added, '', money, {
      key: 'deny.origins',
      values: ['https://a.test'],
      remove: true,
    });
    expect(less.policy.deny.origins).toEqual(['https://b.test']);
    expect(change('limits.day', [], true)).not.toContain('twenty');
  });

  it('turns one amount without a list into a list', () => {
    const one = changePolicy('limits: { payment: 5 sat }', '', money, {
      key: 'limits.payment',
      values: ['1 pathUSD'],
    });
    expect(one.policy.limits.payment).toEqual([sat(5n), { amount: 1_000_000n, currency: token }]);
  });

  it.each([
    ['limits.dya', ['1 sat']],
    ['limits', ['1 sat']],
    ['hosts.api.example.com.day', ['1 sat']],
    ['hosts[a].b', ['1 sat']],
    ['', ['1']],
    ['limits.day', []],
    ['limits.day', ['much']],
    ['__proto__.day', ['1 sat']],
  ] as const)('of %j to %j is refused', (key, values) => {
    expect(() => change(key, values)).toThrow(PolicyChangeError);
  });

  it('that would break the policy is refused by the policy itself', () => {
    expect(() => change('limits.day', ['1 zat'])).toThrow(PolicyError);
    expect(() => change('limits.payment', [], true)).toThrow(PolicyError);
    expect(() => change('deny.origins', ['nowhere'])).toThrow(PolicyError);
    expect(() => change('approval.by', ['terminal'])).toThrow(PolicyError);
  });
});
