import { describe, expect, it } from 'vitest';
import { nodeKinds } from './config.js';
import { nodeConfigFromEnvironment, parseNodeConfig } from './config-parse.js';

const secretKey = {
  lnd: 'macaroon',
  cln: 'rune',
  phoenixd: 'password',
  nwc: 'connection',
  lnbits: 'key',
  eclair: 'password',
  btcpay: 'key',
} as const;

/** The least that each kind needs. */
function least(kind: (typeof nodeKinds)[number]): Record<string, unknown> {
  const place = kind === 'lnbits' || kind === 'btcpay' ? { url: 'https://pay.example' } : {};
  const store = kind === 'btcpay' ? { store_id: '9CiNzKoANXxmk5ay' } : {};
  return { kind, ...place, ...store, [`${secretKey[kind]}_file`]: '/run/secrets/node' };
}

describe('parseNodeConfig', () => {
  it.each(nodeKinds)('takes the least that %s needs, and keeps only where the secret is', (kind) => {
    const parsed = parseNodeConfig(least(kind));
    expect(parsed).toMatchObject({
      ok: true,
      value: { kind, [secretKey[kind]]: { file: '/run/secrets/node' } },
    });
  });

  it('fills in where each daemon listens', () => {
    expect(parseNodeConfig(least('phoenixd'))).toMatchObject({ value: { url: 'http://127.0.0.1:9740' } });
    expect(parseNodeConfig(least('cln'))).toMatchObject({ value: { url: 'https://127.0.0.1:3010' } });
    expect(parseNodeConfig(least('lnd'))).toMatchObject({ value: { url: 'https://127.0.0.1:8080' } });
    expect(parseNodeConfig(least('eclair'))).toMatchObject({ value: { url: 'http://127.0.0.1:8080' } });
  });

  it('takes mainnet for nodes that do not say, and nothing for those that do', () => {
    expect(parseNodeConfig(least('lnbits'))).toMatchObject({ value: { network: 'mainnet' } });
    expect(parseNodeConfig(least('btcpay'))).toMatchObject({ value: { network: 'mainnet' } });
    const cln = parseNodeConfig(least('cln'));
    expect(cln.ok && 'network' in cln.value).toBe(false);
  });

  it('does not believe that an LNbits is out of reach unless it is said', () => {
    expect(parseNodeConfig(least('lnbits'))).toMatchObject({ value: { unreachableByBuyers: false } });
    expect(parseNodeConfig({ ...least('lnbits'), unreachable_by_buyers: true })).toMatchObject({
      value: { unreachableByBuyers: true },
    });
  });

  it('takes a certificate file or a fingerprint, and a path behind a proxy', () => {
    const fingerprint = 'ab:'.repeat(31).concat('ab');
    expect(parseNodeConfig({ ...least('cln'), tls_cert_file: 'ca.pem' })).toMatchObject({
      value: { tls: { certificateFile: 'ca.pem' } },
    });
    expect(parseNodeConfig({ ...least('cln'), tls_fingerprint: fingerprint })).toMatchObject({
      value: { tls: { fingerprint } },
    });
    expect(parseNodeConfig({ ...least('cln'), url: 'https://host:1/node/' })).toMatchObject({
      value: { url: 'https://host:1/node' },
    });
  });

  it.each([
    ['nothing', undefined, 'node_config_malformed'],
    ['a list', [], 'node_config_malformed'],
    ['a text', 'lnd', 'node_config_malformed'],
    ['no kind', {}, 'node_kind_unknown'],
    ['another kind', { kind: 'spark' }, 'node_kind_unknown'],
    ['a kind of the prototype', { kind: 'constructor' }, 'node_kind_unknown'],
    ['no secret', { kind: 'cln' }, 'node_key_missing'],
    ['no store', { kind: 'btcpay', url: 'https://x', key_file: 'k' }, 'node_key_missing'],
    ['no url where none can be guessed', { kind: 'lnbits', key_file: 'k' }, 'node_key_missing'],
    ['a key of another kind', { ...least('cln'), store_id: 'x' }, 'node_key_unknown'],
    ['both places for the secret', { ...least('cln'), rune_env: 'RUNE' }, 'node_value_malformed'],
    ['a variable that is none', { kind: 'cln', rune_env: 'a b' }, 'node_key_missing'],
    ['another network', { ...least('cln'), network: 'bitcoin' }, 'node_value_malformed'],
    ['another protocol', { ...least('cln'), url: 'ftp://host' }, 'node_value_malformed'],
    ['a password in the url', { ...least('cln'), url: 'https://u:p@host' }, 'node_value_malformed'],
    ['a query in the url', { ...least('cln'), url: 'https://host?rune=1' }, 'node_value_malformed'],
    ['a flag that is a text', { ...least('cln'), plain_http: 'yes' }, 'node_value_malformed'],
    ['a path as store', { ...least('btcpay'), store_id: '../x' }, 'node_value_malformed'],
    ['half a fingerprint', { ...least('cln'), tls_fingerprint: 'ab' }, 'node_value_malformed'],
    [
      'two trusts',
      { ...least('cln'), tls_fingerprint: 'ab'.repeat(32), tls_cert_file: 'x' },
      'node_value_malformed',
    ],
    ['an empty path', { kind: 'cln', rune_file: '' }, 'node_value_malformed'],
  ])('refuses %s', (_, value, code) => {
    const parsed = parseNodeConfig(value);
    if (parsed.ok) throw new Error('It was taken.');
    // "Missing" is said of the file key where the other one is wrong.
    expect([code, 'node_value_malformed']).toContain(parsed.code);
    expect(parsed.detail).toMatch(/^lightning\.node[. ].*\.$/);
  });

  it('never repeats what stands in the wrong place', () => {
    const secret = 'S3CRETs3cretS3CRETs3cretS3CRETs3cret';
    const wrong = [
      { kind: 'cln', rune: secret },
      { kind: 'cln', [secret]: 1 },
      { ...least('cln'), url: `https://:${secret}@host` },
      { ...least('cln'), network: secret },
      { kind: secret },
      { kind: 'cln', rune_env: `${secret} ` },
      { ...least('lnbits'), unreachable_by_buyers: secret },
      { ...least('btcpay'), store_id: `${secret}/` },
    ];
    for (const value of wrong) {
      const parsed = parseNodeConfig(value);
      if (parsed.ok) throw new Error('It was taken.');
      expect(parsed.detail).not.toContain(secret);
    }
  });

  it('says where a secret belongs that was written into the file', () => {
    expect(parseNodeConfig({ kind: 'eclair', password: 'x' })).toMatchObject({
      code: 'node_key_unknown',
      detail: expect.stringContaining('password_file'),
    });
  });
});

describe('nodeConfigFromEnvironment', () => {
  it('is nothing without a kind', () => {
    expect(nodeConfigFromEnvironment({ HOME: '/', FAREBOX_NODE_URL: 'https://x' })).toBeUndefined();
  });

  it('reads the same keys in capitals; a secret stays in its variable', () => {
    const environment = {
      FAREBOX_NODE_KIND: 'lnbits',
      FAREBOX_NODE_URL: 'https://lnbits.example',
      FAREBOX_NODE_KEY: 'the secret itself',
      FAREBOX_NODE_UNREACHABLE_BY_BUYERS: 'true',
      FAREBOX_NODE_NETWORK: '',
    };
    const parsed = nodeConfigFromEnvironment(environment);
    expect(parsed).toMatchObject({
      ok: true,
      value: { kind: 'lnbits', key: { variable: 'FAREBOX_NODE_KEY' }, unreachableByBuyers: true },
    });
    expect(JSON.stringify(parsed)).not.toContain('the secret itself');
  });

  it('takes a file instead, but not both, and no flag that is neither true nor false', () => {
    const common = { FAREBOX_NODE_KIND: 'cln' };
    expect(nodeConfigFromEnvironment({ ...common, FAREBOX_NODE_RUNE_FILE: 'r' })).toMatchObject({
      value: { rune: { file: 'r' } },
    });
    expect(
      nodeConfigFromEnvironment({ ...common, FAREBOX_NODE_RUNE_FILE: 'r', FAREBOX_NODE_RUNE: 'x' }),
    ).toMatchObject({ ok: false });
    expect(
      nodeConfigFromEnvironment({ ...common, FAREBOX_NODE_RUNE: 'x', FAREBOX_NODE_PLAIN_HTTP: '1' }),
    ).toMatchObject({ ok: false });
  });
});
