import { type Document, isMap, isNode, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { describeIssues, formatKey, type KeyPath, PolicyError, type RawIssue } from './file-issues.js';
import { resolvePolicy } from './file-resolve.js';
import { policySchema } from './file-schema.js';
import type { Money } from './money.js';
import type { Policy } from './policy.js';

/** Largest `policy.yaml` that is read. */
export const policyBytesMax = 256 * 1024;

/** A policy with the document it was read from. */
export interface ParsedPolicy {
  readonly policy: Policy;
  readonly document: Document.Parsed<ParsedNode>;
}

/**
 * Reads and checks the text of a `policy.yaml`.
 *
 * @param source - The file, for messages.
 * @throws PolicyError with every issue found, each with its line, column and key.
 */
export function parsePolicy(text: string, source: string, money: Money): ParsedPolicy {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    // An empty file has no lines.
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (new TextEncoder().encode(text).length > policyBytesMax) {
    const message = `is larger than ${policyBytesMax} bytes.`;
    throw new PolicyError(source, [{ key: '', message, line: 1, column: 1 }]);
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const issue = { key: '', message: yamlFault(fault.code), ...place(fault.pos[0]) };
    throw new PolicyError(source, [issue], { cause: fault.code });
  }
  const failed = (issues: readonly RawIssue[]) =>
    new PolicyError(
      source,
      issues.map((issue) => ({
        key: formatKey(issue.path),
        message: issue.message,
        ...place(offsetOf(document, issue)),
      })),
    );
  const input = toPlain(document, failed);
  const parsed = policySchema.safeParse(input);
  if (!parsed.success) throw failed(describeIssues(parsed.error.issues, input));
  const { policy, issues } = resolvePolicy(parsed.data, source, money);
  if (issues.length > 0) throw failed(issues);
  return { policy, document };
}

function toPlain(
  document: Document.Parsed<ParsedNode>,
  failed: (issues: readonly RawIssue[]) => PolicyError,
): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    const message = 'has an alias (*name) without its anchor, or too many of them.';
    throw failed([{ path: [], message, atKey: false }]);
  }
}

/** The character at which people should look: the key of an unknown key, the value of a wrong one. */
function offsetOf(document: Document.Parsed<ParsedNode>, issue: RawIssue): number {
  if (issue.atKey) {
    const parent = nodeAt(document, issue.path.slice(0, -1));
    if (isMap(parent)) {
      const name = String(issue.path.at(-1));
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === name);
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

const yamlFaults: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping; keep one.',
  TAB_AS_INDENT: 'is indented with a tab; YAML wants spaces.',
  BAD_INDENT: 'is indented wrongly: the items of a mapping or list must line up.',
  MISSING_CHAR: 'a closing quote, bracket or colon is missing.',
  MULTIPLE_DOCS: 'holds more than one document; keep one.',
};

function yamlFault(code: string): string {
  return yamlFaults[code] ?? `is not valid YAML from here on (${code.toLowerCase().replaceAll('_', ' ')}).`;
}
