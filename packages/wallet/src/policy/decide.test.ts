import { formatAmount } from '@farebox/protocol';
import { describe, expect, it } from 'vitest';
import { budgetsIn, decide, type ProposedPayment } from './decide.js';
import { parsePolicy } from './file-parse.js';
import { satoshis } from './money.js';

/** An id of a node, and an account that ends so. */
const node = `02${'ab'.repeat(32)}`;
const account = (end: string) => `0x${'0'.repeat(38)}${end}`;
const sat = (amount: bigint) => ({ amount, currency: 'sat' });
const url = 'https://api.example.com/v1/price';

/** What a policy says of a payment; 5 sat by lightning to this URL where nothing else is said. */
function ask(text: string, payment: Partial<ProposedPayment> = {}) {
  const { policy } = parsePolicy(text, 'policy.yaml', satoshis);
  const proposed = {
    url,
    secure: true,
    method: 'lightning',
    price: sat(5n),
    payees: [node.toUpperCase()],
    ...payment,
  };
  return decide(policy, proposed, formatAmount);
}

/** The rule that refuses, or `ok`. */
function rule(text: string, payment: Partial<ProposedPayment> = {}): string {
  const decision = ask(text, payment);
  return decision.ok ? 'ok' : decision.refusal.rule;
}

function cents(text: string) {
  const [, amount] = /^([0-9]+) cent$/.exec(text) ?? [];
  return amount === undefined ? undefined : { amount: BigInt(amount), currency: 'cent' };
}

const open = 'limits: { payment: 10 sat }\n';

describe('limits of one payment', () => {
  it('allow up to the limit and not beyond', () => {
    expect(rule(open, { price: sat(10n) })).toBe('ok');
    expect(rule(open, { price: sat(11n) })).toBe('limits.payment');
    expect(rule(open, { price: { amount: 10_001n, currency: 'msat' } })).toBe('limits.payment');
  });

  it('refuse a currency that is not named', () => {
    const decision = ask(open, { price: { amount: 1n, currency: '0x20c0' } });
    expect(decision).toMatchObject({
      refusal: { rule: 'limits.payment', code: 'currency_not_allowed' },
    });
  });

  it('hold the narrower scopes besides, which can only allow less', () => {
    const text = `${open}hosts: { api.example.com: { payment: 3 sat }, b.test: { payment: 100 sat } }\nmethods: { lightning: { payment: 4 sat } }\neach_host: { payment: 2 sat }`;
    expect(rule(text, { price: sat(5n) })).toBe('methods.lightning.payment');
    expect(rule(text, { price: sat(4n) })).toBe('hosts[api.example.com].payment');
    expect(rule(text, { price: sat(3n) })).toBe('ok');
    expect(rule(text, { price: sat(4n), url: 'https://b.test/', method: 'tempo' })).toBe('ok');
    expect(rule(text, { price: sat(99n), url: 'https://b.test/', method: 'tempo' })).toBe('limits.payment');
    expect(rule(text, { price: sat(3n), url: 'https://c.test/' })).toBe('each_host.payment');
    // By hand there is no host.
    expect(rule(text, { price: sat(4n), url: undefined })).toBe('ok');
  });
});

describe('fees', () => {
  const fee = (text: string, maxFee?: bigint) => {
    const decision = ask(text, maxFee === undefined ? {} : { maxFee: sat(maxFee) });
    return decision.ok ? decision.maxFee.amount : undefined;
  };

  it('are nothing when nothing is said, and never more than any scope or the caller allows', () => {
    expect(fee(open)).toBe(0n);
    expect(fee(open, 50n)).toBe(0n);
    const text = 'limits: { payment: 10 sat, fee: 5 sat }\n';
    expect([fee(text), fee(text, 2n), fee(text, 50n)]).toEqual([5n, 2n, 5n]);
    expect(fee(`${text}methods: { lightning: { fee: 3 sat } }`)).toBe(3n);
    expect(fee(`${text}methods: { lightning: { fee: 30 sat } }`)).toBe(5n);
    expect(fee(`${text}each_host: { fee: 0 sat }`)).toBe(0n);
  });
});

describe('budgets', () => {
  it('are those of every scope that the payment falls into', () => {
    const text =
      'limits: { payment: 10 sat, hour: 20 sat, day: 30 sat }\nmethods: { lightning: { day: 25 sat }, tempo: { day: 1 sat } }\neach_host: { hour: 15 sat }';
    const decision = ask(text);
    expect(decision).toMatchObject({
      budgets: [
        { rule: 'limits.hour', windowMs: 3_600_000, limit: sat(20n) },
        { rule: 'limits.day', windowMs: 86_400_000, limit: sat(30n) },
        { rule: 'methods.lightning.day', method: 'lightning', limit: sat(25n) },
        { rule: 'each_host.hour', host: 'api.example.com', limit: sat(15n) },
      ],
    });
    const { policy } = parsePolicy(text, 'policy.yaml', satoshis);
    expect(budgetsIn(policy).map((budget) => budget.rule)).toEqual([
      'limits.hour',
      'limits.day',
      'methods.lightning.day',
      'methods.tempo.day',
    ]);
  });
});

describe('lists', () => {
  it('deny before they allow', () => {
    const text = `${open}allow: { origins: ['https://*.example.com'] }\ndeny: { origins: ['https://api.example.com'] }`;
    expect(rule(text)).toBe('deny.origins');
    expect(rule(text, { url: 'https://b.example.com/' })).toBe('ok');
    expect(rule(text, { url: 'https://other.test/' })).toBe('allow.origins');
  });

  it('of paths and payees hold as well', () => {
    expect(rule(`${open}deny: { paths: [/v1/*] }`)).toBe('deny.paths');
    expect(rule(`${open}allow: { paths: [/v2/*] }`)).toBe('allow.paths');
    expect(rule(`${open}allow: { paths: [/v1/*] }`)).toBe('ok');
    expect(rule(`${open}deny: { payees: ['${node}'] }`)).toBe('deny.payees');
    expect(rule(`${open}allow: { payees: ['03${'cd'.repeat(32)}'] }`)).toBe('allow.payees');
    expect(rule(`${open}allow: { payees: ['${node}'] }`)).toBe('ok');
  });

  it('judge everybody who is paid: one denied is enough, and all must be allowed', () => {
    const payees = [account('AA'), account('BB'), `tempox${account('CC')}`];
    expect(rule(`${open}deny: { payees: ['${account('bb')}'] }`, { payees })).toBe('deny.payees');
    expect(rule(`${open}deny: { payees: ['${account('cc')}'] }`, { payees })).toBe('deny.payees');
    expect(rule(`${open}deny: { payees: ['tempox${account('bb')}'] }`, { payees })).toBe('deny.payees');
    expect(rule(`${open}allow: { payees: ['${account('aa')}', '${account('cc')}'] }`, { payees })).toBe(
      'allow.payees',
    );
    expect(
      rule(`${open}allow: { payees: ['${account('aa')}', '${account('bb')}', '${account('cc')}'] }`, {
        payees,
      }),
    ).toBe('ok');
    // Not known yet: passed over.
    expect(rule(`${open}allow: { payees: ['${account('aa')}'] }`, { payees: undefined })).toBe('ok');
  });

  it('that are empty allow nothing', () => {
    expect(rule(`${open}allow: { origins: [] }`)).toBe('allow.origins');
    expect(rule(`${open}allow: { payees: [] }`)).toBe('allow.payees');
  });

  it('treat an invoice by hand as a place of its own', () => {
    const byHand = { url: undefined };
    expect(rule(open, byHand)).toBe('ok');
    expect(rule(`${open}allow: { origins: ['https://a.test'] }`, byHand)).toBe('allow.origins');
    expect(rule(`${open}allow: { origins: [by-hand] }`, byHand)).toBe('ok');
    expect(rule(`${open}allow: { paths: [/*] }`, byHand)).toBe('allow.paths');
    expect(rule(`${open}deny: { origins: [by-hand] }`, byHand)).toBe('deny.origins');
  });
});

describe('plain http', () => {
  const insecure = { url: 'http://10.0.0.5:8080/x', secure: false };

  it('is refused unless its origin is named', () => {
    expect(rule(open, insecure)).toBe('plain_http');
    expect(rule(`${open}plain_http: ['http://10.0.0.5:8080']`, insecure)).toBe('ok');
    expect(rule(`${open}plain_http: ['http://10.0.0.5']`, insecure)).toBe('plain_http');
  });
});

describe('approval', () => {
  const text = `${open}approval: { above: 4 sat, by: terminal }`;

  it('is needed above the threshold, and in every currency that has none', () => {
    const needed = (payment: Partial<ProposedPayment>, policy = text) => {
      const decision = ask(policy, payment);
      return decision.ok && decision.approval !== undefined;
    };
    expect(needed({ price: sat(4n) })).toBe(false);
    expect(needed({ price: { amount: 4_001n, currency: 'msat' } })).toBe(true);
    expect(needed({ price: sat(5n) })).toBe(true);
    // A threshold in another currency says nothing of this one.
    const money = { ...satoshis, parse: (word: string) => satoshis.parse(word) ?? cents(word) };
    const mixed = 'limits: { payment: [10 sat, 9 cent] }\napproval: { above: 9 cent, by: terminal }';
    const { policy } = parsePolicy(mixed, 'policy.yaml', money);
    const of = (price: ProposedPayment['price']) =>
      decide(policy, { url, secure: true, method: 'm', price }, formatAmount);
    expect(of(sat(1n))).toMatchObject({ approval: { by: 'terminal' } });
    expect(of({ amount: 9n, currency: 'cent' })).toMatchObject({ approval: undefined });
  });

  it('by nobody is a refusal', () => {
    expect(rule(text.replace('terminal', 'refuse'))).toBe('approval.above');
    expect(rule(text.replace('terminal', 'refuse'), { price: sat(4n) })).toBe('ok');
  });
});
