import { isDeepStrictEqual } from 'node:util';
import { nodeConfigFromEnvironment, parseNodeConfig } from '@farebox/lightning/nodes';
import type { NodeConfig } from './config.js';
import type { Absolute, Report } from './resolve-methods.js';
import type { ConfigInput } from './schema.js';

/** Environment variables, or what stands for them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The node that is paid: `lightning.node`, or `FAREBOX_NODE_KIND` and the variables beside it (docs/nodes.md). Two that
 * differ are refused: which of them is paid must not depend on who reads the configuration. Undefined when there is none,
 * or what there is has been reported; none is a fault where it is `needed`.
 */
export function resolveNode(
  input: ConfigInput,
  environment: Environment,
  needed: boolean,
  absolute: Absolute,
  report: Report,
): NodeConfig | undefined {
  const named = nodeOfEnvironment(environment, report);
  refuseTestnet(input.lightning?.node?.network ?? environment.FAREBOX_NODE_NETWORK, report);
  const node = input.lightning?.node;
  if (node === undefined) {
    if (named === undefined && input.lightning !== undefined)
      report(
        ['lightning'],
        'needs node: the Lightning node that is paid, unless FAREBOX_NODE_KIND names it.',
      );
    else if (named === undefined && needed)
      report(
        ['lightning'],
        'is required while a price is in sat or in a currency under rates: a mapping with node.',
      );
    return typeof named === 'object' ? named : undefined;
  }
  const written = nodeOfFile(node, absolute, report);
  const both = typeof named === 'object' && written !== undefined;
  if (both && !isDeepStrictEqual(named, written))
    report(
      ['lightning', 'node'],
      'is not the node of FAREBOX_NODE_KIND and the variables beside it; keep one of the two.',
    );
  return written;
}

/** draft-lightning-charge-00, "Method Details": a challenge can name mainnet, signet and regtest. */
function refuseTestnet(network: string | undefined, report: Report): void {
  if (network === 'testnet')
    report(
      ['lightning', 'node'],
      'cannot sell on testnet: the lightning charge knows none; use signet or regtest.',
    );
}

function nodeOfFile(
  node: NonNullable<NonNullable<ConfigInput['lightning']>['node']>,
  absolute: Absolute,
  report: Report,
): NodeConfig | undefined {
  const { kind, url, token_file: tokenFile } = node;
  if (kind === 'devnet') {
    return { kind, url, tokenFile: tokenFile === undefined ? undefined : absolute(tokenFile) };
  }
  const paths = Object.entries(node).map(([key, value]) => [
    key,
    key.endsWith('_file') && typeof value === 'string' ? absolute(value) : value,
  ]);
  const parsed = parseNodeConfig(Object.fromEntries(paths));
  if (parsed.ok) return parsed.value;
  report(['lightning', 'node'], `is not complete: ${parsed.detail}`);
  return undefined;
}

/** The node of the environment; undefined when it names none, `unusable` when what it names has been reported. */
function nodeOfEnvironment(environment: Environment, report: Report): NodeConfig | 'unusable' | undefined {
  if (environment.FAREBOX_NODE_KIND === 'devnet') {
    const given = (name: string) => environment[name] || undefined;
    return { kind: 'devnet', url: given('FAREBOX_NODE_URL'), tokenFile: given('FAREBOX_NODE_TOKEN_FILE') };
  }
  const parsed = nodeConfigFromEnvironment(environment);
  if (parsed === undefined) return undefined;
  if (parsed.ok) return parsed.value;
  // The words are those of the file: the key that is meant is the variable of its name.
  const detail = parsed.detail.replace(
    /^lightning\.node\.([a-z_]+)/,
    (_, key: string) => `FAREBOX_NODE_${key.toUpperCase()}`,
  );
  report(['lightning', 'node'], `is named by the environment, which is not complete: ${detail}`);
  return 'unusable';
}
