import { type Result, refuse } from '@farebox/protocol';
import type { LightningNetwork } from '../node.js';
import {
  type HttpNodeConfig,
  type NodeConfig,
  type NodeKind,
  nodeKinds,
  type SecretSource,
} from './config.js';

/** The keys of each kind as written in YAML. A secret is one key with `_file` or `_env` at its end. */
const secretKeys: Readonly<Record<NodeKind, string>> = {
  lnd: 'macaroon',
  cln: 'rune',
  phoenixd: 'password',
  nwc: 'connection',
  lnbits: 'key',
  eclair: 'password',
  btcpay: 'key',
};

const httpKeys = ['url', 'tls_cert_file', 'tls_fingerprint', 'plain_http'];

const ownKeys: Readonly<Record<NodeKind, readonly string[]>> = {
  lnd: httpKeys,
  cln: httpKeys,
  phoenixd: httpKeys,
  nwc: [],
  lnbits: [...httpKeys, 'unreachable_by_buyers'],
  eclair: httpKeys,
  btcpay: [...httpKeys, 'store_id'],
};

const flags: readonly string[] = ['plain_http', 'unreachable_by_buyers'];

/** Where the daemon itself listens unless it is told otherwise. */
const urlDefaults: Readonly<Partial<Record<NodeKind, string>>> = {
  lnd: 'https://127.0.0.1:8080',
  cln: 'https://127.0.0.1:3010',
  phoenixd: 'http://127.0.0.1:9740',
  eclair: 'http://127.0.0.1:8080',
};

const networks: readonly LightningNetwork[] = ['mainnet', 'testnet', 'signet', 'regtest'];

/** The refusal of a key. Says the key and what to write, never the value: it may be a secret in the wrong place. */
class Mistake {
  constructor(
    readonly key: string,
    readonly detail: string,
  ) {}
}

/**
 * Reads the mapping under `lightning.node` in `farebox.yaml` (see `docs/nodes.md` for every key). Never throws, never
 * repeats a value in its refusals.
 *
 * Codes: `node_config_malformed` (no mapping), `node_kind_unknown`, `node_key_unknown`, `node_key_missing`,
 * `node_value_malformed`.
 *
 * @example
 * ```ts
 * import { parseNodeConfig } from '@farebox/lightning/nodes';
 * const config = parseNodeConfig({ kind: 'phoenixd', password_file: '/run/secrets/phoenixd' });
 * if (!config.ok) console.error(config.detail);
 * ```
 */
export function parseNodeConfig(value: unknown): Result<NodeConfig> {
  if (!isMapping(value))
    return refuse('node_config_malformed', 'lightning.node must be a mapping with kind.');
  const kind = nodeKinds.find((known) => known === value.kind);
  if (kind === undefined) {
    return refuse('node_kind_unknown', `lightning.node.kind must be one of ${nodeKinds.join(', ')}.`);
  }
  const secretKey = secretKeys[kind];
  const known = ['kind', 'network', `${secretKey}_file`, `${secretKey}_env`, ...ownKeys[kind]];
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger === secretKey) {
    return refuse(
      'node_key_unknown',
      `lightning.node.${secretKey} must not hold a secret: put it into a file and write ${secretKey}_file.`,
    );
  }
  if (stranger !== undefined) {
    // A key is text of the operator's, but a secret may have slipped into its place.
    const named = /^[a-z][a-z_]{0,30}$/.test(stranger) ? `.${stranger}` : '';
    return refuse(
      'node_key_unknown',
      `lightning.node${named} is no key of ${kind}; it knows ${known.join(', ')}.`,
    );
  }
  try {
    return { ok: true, value: build(kind, value) };
  } catch (mistake) {
    if (!(mistake instanceof Mistake)) throw mistake;
    const code = value[mistake.key] === undefined ? 'node_key_missing' : 'node_value_malformed';
    return refuse(code, `lightning.node.${mistake.key} ${mistake.detail}`);
  }
}

/** The environment variables of {@link nodeConfigFromEnvironment} begin with this. */
export const nodeVariablePrefix = 'FAREBOX_NODE_';

/**
 * The same configuration from environment variables: `FAREBOX_NODE_KIND`, `FAREBOX_NODE_URL` and so on, each key in
 * capitals. A secret is `FAREBOX_NODE_RUNE_FILE` or, in the variable itself, `FAREBOX_NODE_RUNE`. Undefined when there
 * is no `FAREBOX_NODE_KIND`.
 */
export function nodeConfigFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Result<NodeConfig> | undefined {
  const found: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(nodeVariablePrefix) || text === undefined || text === '') continue;
    const key = name.slice(nodeVariablePrefix.length).toLowerCase();
    // The value stays where it is: the configuration only learns the name of the variable.
    if (Object.values(secretKeys).includes(key)) found[`${key}_env`] = name;
    else found[key] = flags.includes(key) && /^(true|false)$/.test(text) ? text === 'true' : text;
  }
  return found.kind === undefined ? undefined : parseNodeConfig(found);
}

function build(kind: NodeKind, value: Mapping): NodeConfig {
  const network = readNetwork(value);
  const expected = network === undefined ? undefined : { network };
  const secret = readSecretSource(value, secretKeys[kind]);
  if (kind === 'nwc') return { kind, connection: secret, ...expected };
  const http = {
    url: readUrl(value, urlDefaults[kind]),
    ...readTls(value),
    plainHttpAllowed: readFlag(value, 'plain_http'),
    ...expected,
  };
  switch (kind) {
    case 'lnd':
      return { kind, ...http, macaroon: secret };
    case 'cln':
      return { kind, ...http, rune: secret };
    case 'phoenixd':
    case 'eclair':
      return { kind, ...http, password: secret };
    case 'lnbits':
      return {
        kind,
        ...http,
        network: network ?? 'mainnet',
        key: secret,
        unreachableByBuyers: readFlag(value, 'unreachable_by_buyers'),
      };
    case 'btcpay':
      return { kind, ...http, network: network ?? 'mainnet', key: secret, storeId: readStoreId(value) };
  }
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readNetwork(value: Mapping): LightningNetwork | undefined {
  if (value.network === undefined) return undefined;
  const network = networks.find((known) => known === value.network);
  if (network === undefined) throw new Mistake('network', `must be one of ${networks.join(', ')}.`);
  return network;
}

function readUrl(value: Mapping, fallback: string | undefined): string {
  const text = value.url ?? fallback;
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === '';
  if (!plain) throw new Mistake('url', 'must be an http:// or https:// URL without user name or query.');
  return url.href.replace(/\/+$/, '');
}

function readTls(value: Mapping): Pick<HttpNodeConfig, 'tls'> {
  const fingerprint = value.tls_fingerprint;
  if (fingerprint === undefined) {
    if (value.tls_cert_file === undefined) return {};
    return { tls: { certificateFile: readText(value, 'tls_cert_file', 'must be the path of a PEM file.') } };
  }
  const shape = /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i;
  if (typeof fingerprint !== 'string' || !shape.test(fingerprint) || value.tls_cert_file !== undefined) {
    throw new Mistake(
      'tls_fingerprint',
      'must be SHA-256 in 64 hex digits, and stand without tls_cert_file.',
    );
  }
  return { tls: { fingerprint } };
}

function readSecretSource(value: Mapping, name: string): SecretSource {
  const file = value[`${name}_file`];
  const variable = value[`${name}_env`];
  if ((file === undefined) === (variable === undefined)) {
    throw new Mistake(`${name}_file`, `or ${name}_env must be given, one of the two: where the secret is.`);
  }
  if (file !== undefined) return { file: readText(value, `${name}_file`, 'must be a path.') };
  if (typeof variable !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
    throw new Mistake(`${name}_env`, 'must be the name of an environment variable.');
  }
  return { variable };
}

function readText(value: Mapping, key: string, detail: string): string {
  const text = value[key];
  if (typeof text !== 'string' || text === '' || text.includes('\0')) throw new Mistake(key, detail);
  return text;
}

function readFlag(value: Mapping, key: string): boolean {
  const flag = value[key] ?? false;
  if (typeof flag !== 'boolean') throw new Mistake(key, 'must be true or false.');
  return flag;
}

function readStoreId(value: Mapping): string {
  const id = value.store_id;
  if (typeof id !== 'string' || !/^[A-Za-z0-9]{1,100}$/.test(id)) {
    throw new Mistake('store_id', 'must be the id of the store: letters and digits, from its settings.');
  }
  return id;
}
