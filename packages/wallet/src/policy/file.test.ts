import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { money, sat, token } from '../testing/policy-money.js';
import { parseDuration } from './duration.js';
import { defaultPolicyText } from './file-default.js';
import { PolicyError } from './file-issues.js';
import { loadPolicy } from './file-load.js';
import { parsePolicy, policyBytesMax } from './file-parse.js';
import { writePolicy } from './file-write.js';
import { policyJsonSchema } from './json-schema.js';
import { satoshis } from './money.js';
import { withoutDay } from './policy.js';
import { standardPolicy } from './standard.js';

const nodeId = `02${'aB'.repeat(32)}`;
const account = `0x${'1f'.repeat(20)}`;

function faults(text: string): readonly string[] {
  try {
    parsePolicy(text, 'policy.yaml', money);
  } catch (error) {
    if (error instanceof PolicyError) return error.message.split('\n');
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the default', () => {
  it.each([money, satoshis])('counts the same whether or not it is read from a file', (words) => {
    expect(standardPolicy('here', words)).toEqual(
      parsePolicy(defaultPolicyText(words), 'here', words).policy,
    );
  });

  it('is useful and small: 100 sat a payment, 10 in fees, 1,000 a day, and 0.10, 0.01 and 1.00 of a stablecoin', () => {
    const { policy } = parsePolicy(defaultPolicyText(money), 'policy.yaml', money);
    const units = (amount: bigint) => ({ amount, currency: token });
    expect(policy.limits).toEqual({
      payment: [sat(100n), units(100_000n)],
      fee: [sat(10n), units(10_000n)],
      hour: [],
      day: [sat(1_000n), units(1_000_000n)],
    });
    expect(policy).toMatchObject({ approval: undefined, plainHttp: [], allow: {} });
  });
});

describe('a file', () => {
  it('may say everything', () => {
    const { policy } = parsePolicy(
      `limits: { payment: [5 sat, 0.05 pathUSD], fee: 1 sat, hour: 10 sat, day: [20 sat] }
each_host: { day: 3 sat }
hosts: { api.example.com: { payment: 2 sat } }
methods: { tempo: { hour: 1 pathUSD } }
allow: { origins: ['https://api.example.com', by-hand], paths: [/v1/*], payees: ['${nodeId}', '${account}'] }
deny: { origins: ['https://*.evil.test'] }
plain_http: ['http://10.0.0.5:8080']
approval: { above: 3 sat, by: command, command: [/bin/ask, -q], timeout: 2m }
retention: { finished: 30d, credit: 90d }
`,
      'policy.yaml',
      money,
    );
    expect(policy).toMatchObject({
      limits: { payment: [sat(5n), { amount: 50_000n }], fee: [sat(1n)], hour: [sat(10n)] },
      eachHost: { day: [sat(3n)] },
      hosts: new Map([['api.example.com', { payment: [sat(2n)], fee: [], hour: [], day: [] }]]),
      allow: { origins: ['https://api.example.com', 'by-hand'], paths: ['/v1/*'], payees: [nodeId, account] },
      deny: { origins: ['https://*.evil.test'], paths: [], payees: [] },
      approval: { by: 'command', command: ['/bin/ask', '-q'], timeoutMs: 120_000 },
      retention: { finishedMs: 30 * 86_400_000, creditMs: 90 * 86_400_000 },
    });
  });

  it('may be the example of the documentation', () => {
    const text = readFileSync(new URL('../../../../docs/policy.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const { policy } = parsePolicy(example, 'policy.yaml', money);
    expect(policy).toMatchObject({ limits: { hour: [sat(300n)] }, approval: { by: 'terminal' } });
  });

  it.each([
    ['', /^policy\.yaml:1:1: limits: is required: a mapping with payment, fee, hour, day\.$/],
    ['limits: {}', /^policy\.yaml:1:9: limits\.payment: is required: an amount such as 100 sat/],
    ['limits: { payment: 5 }', /^policy\.yaml:1:20: limits\.payment: was given 5; write an amount such as/],
    [
      'limits:\n  payment: 5 sats please',
      /^policy\.yaml:2:12: limits\.payment: was given "5 sats please"; write an amount with its unit, such as 100 sat or 0\.1 pathUSD\.$/,
    ],
    ['limits: { payment: -5 sat }', /was given "-5 sat"/],
    [
      'limits: { payment: [5 sat, 6000 msat] }',
      /^policy\.yaml:1:28: limits\.payment\[1\]: is a second amount of the same currency; keep one\.$/,
    ],
    [
      'limits: { payment: 5 sat, dya: 9 sat }',
      /^policy\.yaml:1:27: limits\.dya: is not a known key\. Did you mean day\? Allowed here: payment, fee, hour, day\.$/,
    ],
    [
      'limits: { payment: 5 sat }\nlimit: {}',
      /^policy\.yaml:2:1: limit: is not a known key\. Did you mean limits\?/,
    ],
    [
      'limits: { payment: 5 sat }\nhosts: { API.example.com: {} }',
      /^policy\.yaml:2:10: hosts\[API\.example\.com\]: this name is not allowed; write a host in lower case/,
    ],
    [
      'limits: { payment: 5 sat }\nallow: { origins: [api.example.com] }',
      /^policy\.yaml:2:20: allow\.origins\[0\]: was given "api\.example\.com"; write an origin/,
    ],
    [
      'limits: { payment: 5 sat }\nplain_http: ["https://a.test"]',
      /plain_http\[0\]: was given "https:\/\/a\.test"; write an origin such as http:/,
    ],
    [
      'limits: { payment: 5 sat }\napproval: { above: 1 sat, by: me }',
      /approval\.by: was given "me"; write terminal, command or refuse\./,
    ],
    [
      'limits: { payment: 5 sat }\napproval: { above: 1 sat, by: command, command: [ask] }',
      /^policy\.yaml:2:49: approval\.command: by: command needs a list of an absolute path/,
    ],
    [
      'limits: { payment: 5 sat }\napproval: { above: 1 sat, by: terminal, timeout: 11m }',
      /approval\.timeout: was given "11m"; write a duration from 1s to 10m\./,
    ],
    ['limits: { payment: 5 sat }\nretention: { finished: 1d }', /write a duration of at least 7d\./],
    ['limits: { payment: 5 sat }\nlimits: { payment: 500 sat }', /^policy\.yaml:2:1: this key stands twice/],
    ['limits: [', /^policy\.yaml:1:\d+: /],
    ['limits: *x', /has an alias/],
    // What is no whole id would match nobody: a deny list of it would deny nobody.
    ...['02eec7a1', `${nodeId}0`, `04${nodeId.slice(2)}`, `${account}0`, account.slice(2), 'a merchant'].map(
      (payee): [string, RegExp] => [
        `limits: { payment: 5 sat }\ndeny: { payees: ['${payee}'] }`,
        /^policy\.yaml:2:18: deny\.payees\[0\]: was given ".+"; write a whole node id/,
      ],
    ),
    // Without quotation marks YAML reads a number.
    [
      `limits: { payment: 5 sat }\ndeny: { payees: [${account}] }`,
      /^policy\.yaml:2:18: deny\.payees\[0\]: was given [0-9.e+]+; write .* in quotation marks\.$/,
    ],
    ['- 1', /^policy\.yaml:1:1: /],
    [`limits: { payment: ${'9'.repeat(30)} sat }`, /write an amount/],
    [`limits: { payment: 1 sat } #${'x'.repeat(policyBytesMax)}`, /is larger than/],
  ])('that is wrong is refused with line, key and what is allowed: %j', (text, expected) => {
    expect(faults(text)[0]).toMatch(expected);
  });

  it('is read or refused, whatever it says', () => {
    const words = fc.constantFrom(
      'limits',
      'payment',
      'day',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '5 sat',
      '&a',
      '*a',
      '"',
      '#',
      'hosts',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.string({ unit: words, maxLength: 40 }), (text) => {
        try {
          parsePolicy(text, 'policy.yaml', money);
        } catch (error) {
          if (!(error instanceof PolicyError)) throw error;
          expect(error.message).toMatch(/^policy\.yaml:\d+:\d+: /);
        }
      }),
    );
  });

  it('has a JSON Schema, which is the one that is shipped and leaves nothing open', () => {
    const shipped = readFileSync(new URL('../../policy.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(shipped)).toEqual(JSON.parse(policyJsonSchema()));
    const schema = JSON.parse(shipped);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties.limits.additionalProperties).toBe(false);
    expect(shipped).not.toContain('"allowed"');
  });
});

describe('on disk', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'farebox-policy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('where there is none, the default counts, and it is said', async () => {
    const { policy, exists } = await loadPolicy(join(folder, 'policy.yaml'), money);
    expect(exists).toBe(false);
    expect(policy.source).toContain('does not exist');
    expect(policy.limits.day[0]).toEqual(sat(1_000n));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is written whole, for its owner alone, and found again', async () => {
    const path = join(folder, 'deep', 'policy.yaml');
    await writePolicy(path, 'limits: { payment: 7 sat }\n');
    await writePolicy(path, 'limits: { payment: 8 sat }\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['policy.yaml']);
    const { policy, exists } = await loadPolicy(path, money);
    expect([exists, policy.source, policy.limits.payment]).toEqual([true, path, [sat(8n)]]);
  });

  it('that others can write is not trusted', async () => {
    const path = join(folder, 'policy.yaml');
    writeFileSync(path, 'limits: { payment: 7 sat }\n');
    for (const mode of [0o620, 0o602, 0o666]) {
      chmodSync(path, mode);
      await expect(loadPolicy(path, money), String(mode)).rejects.toThrow(/run: chmod go-w/);
    }
    chmodSync(path, 0o644);
    expect((await loadPolicy(path, money)).exists).toBe(true);
  });

  it('that others could put in its place is not trusted, whether it is there or not', async () => {
    const path = join(folder, 'shared', 'policy.yaml');
    await writePolicy(path, 'limits: { payment: 7 sat }\n');
    for (const file of [path, join(folder, 'shared', 'none.yaml')]) {
      for (const mode of [0o777, 0o720, 0o1777]) {
        chmodSync(join(folder, 'shared'), mode);
        const asked = loadPolicy(file, money);
        await expect(asked, String(mode)).rejects.toThrow(`run: chmod go-w ${join(folder, 'shared')}`);
      }
    }
    chmodSync(join(folder, 'shared'), 0o755);
    expect((await loadPolicy(path, money)).exists).toBe(true);
  });

  it('without a day says in which currencies', async () => {
    const days = async (text: string) => {
      const path = join(folder, 'days.yaml');
      await writePolicy(path, text);
      return withoutDay((await loadPolicy(path, money)).policy);
    };
    expect(await days('limits: { payment: 7 sat }\n')).toEqual([sat(7n)]);
    expect(await days('limits: { payment: 7 sat, day: 9000 msat }\n')).toEqual([]);
    expect(await days('limits: { payment: 7 sat }\nmethods: { lightning: { day: 9 sat } }\n')).toEqual([]);
    expect(await days('limits: { payment: 7 sat }\nhosts: { a.test: { day: 9 sat } }\n')).toEqual([sat(7n)]);
  });

  it('that cannot be read pays nothing', async () => {
    await expect(loadPolicy(folder, money)).rejects.toThrow(PolicyError);
    const path = join(folder, 'large.yaml');
    writeFileSync(path, '#'.repeat(policyBytesMax + 1));
    await expect(loadPolicy(path, money)).rejects.toThrow(/is larger than/);
  });
});

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['400d', 400 * 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['0s', '5', 's', '-1s', '1w', '1.5h', ' 1s', '1234567s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
