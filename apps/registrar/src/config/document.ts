import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { type ConfigIssue, formatKey } from './issues.js';

/** A configuration as it was read, and how its faults are written. */
export interface ConfigDocument {
  readonly input: unknown;
  /** One line of text: file, line, column, key, and what is wrong. */
  readonly format: (issue: ConfigIssue) => string;
}

/** What is wrong with a file that is no YAML, with line and column; it quotes nothing. */
export interface NoYaml {
  readonly fault: string;
}

/**
 * Reads the text of a `registrar.yaml`.
 *
 * @param file - Its name, for messages.
 */
export function readDocument(text: string, file: string): ConfigDocument | NoYaml {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    // An empty file has no lines.
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [first] = document.errors;
  if (first !== undefined) return { fault: `${place(first.pos[0])}: ${yamlFault(first.code)}` };
  const nodeAt = (path: ConfigIssue['path']): unknown =>
    path.length === 0 ? document.contents : document.getIn(path, true);

  /** Where to look: the key of an unknown key, the value of a wrong one, the mapping that lacks a key. */
  function offsetOf({ path, atKey }: ConfigIssue): number {
    const parent = atKey ? nodeAt(path.slice(0, -1)) : undefined;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    for (let depth = path.length; depth >= 0; depth--) {
      const found = nodeAt(path.slice(0, depth));
      if (isNode(found) && found.range) return found.range[0];
    }
    return 0;
  }

  try {
    return {
      input: document.toJS(),
      format: (issue) =>
        [place(offsetOf(issue)), formatKey(issue.path), issue.message]
          .filter((part) => part !== '')
          .join(': '),
    };
  } catch {
    return { fault: `${place(0)}: has an alias (*name) without its anchor, or too many of them.` };
  }
}

const yamlFaults: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping; keep one.',
  TAB_AS_INDENT: 'is indented with a tab; YAML wants spaces.',
  BAD_INDENT: 'is no YAML: it is indented wrongly, or a bracket before it is not closed.',
  MISSING_CHAR: 'is no YAML from here on: a closing quotation mark, a bracket or a colon is missing.',
  MULTIPLE_DOCS: 'holds more than one document; keep one.',
};

function yamlFault(code: string): string {
  return yamlFaults[code] ?? `is no YAML from here on (${code.toLowerCase().replaceAll('_', ' ')}).`;
}
