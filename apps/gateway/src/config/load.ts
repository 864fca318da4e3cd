import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { GatewayConfig } from './config.js';
import { ConfigError, type ConfigIssue } from './error.js';
import { describeIssues, formatPath, type KeyPath, type RawIssue } from './issues.js';
import { resolveConfig } from './resolve.js';
import type { Environment } from './resolve-node.js';
import { configSchema } from './schema.js';

/** Largest `farebox.yaml` that is read. */
export const configBytesMax = 4 * 1024 * 1024;

/**
 * Reads, checks and completes a `farebox.yaml`. The environment may name the Lightning node (docs/nodes.md).
 *
 * @throws ConfigError with every issue found, each with its line, column and key.
 * @example
 * ```ts
 * import { loadConfig } from '@farebox/gateway';
 * const config = await loadConfig('farebox.yaml');
 * ```
 */
export async function loadConfig(
  path: string,
  environment: Environment = process.env,
): Promise<GatewayConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const message =
      'cannot be read. Name the file with -c, or print one to begin with: farebox serve --example.';
    throw new ConfigError(path, [{ key: '', message }], { cause });
  }
  return parseConfig(text, { file: path, directory: dirname(resolve(path)), environment });
}

/** Where a configuration comes from. */
export interface ConfigSource {
  /** For error messages. */
  readonly file?: string;
  /** Relative paths start here. Default: the working directory. */
  readonly directory?: string;
  /** Environment variables that may name the Lightning node, `FAREBOX_NODE_…`. Default: none. */
  readonly environment?: Environment;
}

/**
 * Checks and completes the text of a `farebox.yaml`.
 *
 * @throws ConfigError
 */
export function parseConfig(text: string, source: ConfigSource = {}): GatewayConfig {
  const file = source.file ?? 'farebox.yaml';
  if (Buffer.byteLength(text) > configBytesMax) {
    throw new ConfigError(file, [{ key: '', message: `is larger than ${configBytesMax} bytes.` }]);
  }
  const lines = new LineCounter();
  // prettyErrors would quote the source, and the source may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new ConfigError(file, [{ key: '', message: yamlFault(fault.code), line, column: col }], {
      cause: fault.code,
    });
  }
  const locate = (issue: RawIssue): ConfigIssue => {
    const offset = offsetOf(document, issue);
    const { line, col } = lines.linePos(offset);
    return { key: formatPath(issue.path), message: issue.message, line, column: col };
  };
  let input: unknown;
  try {
    input = document.toJS();
  } catch (cause) {
    const message = 'has an alias (*name) without its anchor, or too many of them.';
    throw new ConfigError(file, [{ key: '', message }], { cause });
  }
  return check(input, source, (issues) => new ConfigError(file, issues.map(locate)));
}

/**
 * Checks and completes a configuration given as an object, in the words of `farebox.yaml`: for use as a library.
 *
 * @throws ConfigError without lines.
 * @example
 * ```ts
 * import { checkConfig } from '@farebox/gateway';
 * const config = checkConfig({
 *   realm: 'http://localhost:8402',
 *   lightning: { node: { kind: 'devnet' } },
 *   upstreams: { api: 'http://127.0.0.1:9000' },
 *   routes: [{ match: 'GET /v1/*', upstream: 'api', price: '1 sat' }],
 * });
 * ```
 */
export function checkConfig(input: unknown, source: ConfigSource = {}): GatewayConfig {
  const plain = (issue: RawIssue): ConfigIssue => ({ key: formatPath(issue.path), message: issue.message });
  return check(input, source, (issues) => new ConfigError(source.file, issues.map(plain)));
}

function check(
  input: unknown,
  source: ConfigSource,
  failed: (issues: readonly RawIssue[]) => ConfigError,
): GatewayConfig {
  const parsed = configSchema.safeParse(input ?? {});
  if (!parsed.success) throw failed(describeIssues(parsed.error.issues, input ?? {}));
  const { directory = process.cwd(), environment = {} } = source;
  const { config, issues } = resolveConfig(parsed.data, directory, environment);
  if (issues.length > 0) throw failed(issues);
  return config;
}

/** The character at which people should look: the key of an unknown key, the value of a wrong one. */
function offsetOf(document: Document.Parsed<ParsedNode>, issue: RawIssue): number {
  if (issue.atKey) {
    const parent =
      issue.path.length === 1 ? document.contents : document.getIn(issue.path.slice(0, -1), true);
    if (isMap(parent)) {
      const name = issue.path.at(-1);
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
  }
  // A missing key is shown at the nearest mapping that should have held it.
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const found = nodeAt(document, issue.path.slice(0, depth));
    if (isNode(found) && found.range) return found.range[0];
  }
  return 0;
}

function nodeAt(document: Document.Parsed<ParsedNode>, path: KeyPath): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true);
}

const YAML_FAULTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping; keep one.',
  TAB_AS_INDENT: 'is indented with a tab; YAML wants spaces.',
  BAD_INDENT: 'is indented wrongly: the items of a mapping or list must line up.',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing, or the line is indented wrongly.',
  BLOCK_AS_IMPLICIT_KEY: 'is followed by a line that is indented too far.',
  MULTIPLE_DOCS: 'holds more than one document; keep one.',
};

function yamlFault(code: string): string {
  return YAML_FAULTS[code] ?? `is not valid YAML from here on (${code.toLowerCase().replaceAll('_', ' ')}).`;
}
