import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Everything that loading a package loads. */
export interface Graph {
  /** Paths of the modules, each once. */
  readonly files: readonly string[];
  /** Packages of ours that are among them, in alphabetical order. */
  readonly packages: readonly string[];
  /** What else is imported: modules of Node, other packages. */
  readonly other: readonly string[];
}

/** Follows the imports of a built package of ours, dynamic ones too. */
export function graphOf(name: string): Graph {
  const files = new Set<string>();
  const packages = new Set([name]);
  const other = new Set<string>();
  const open = [entryOf(name)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const specifier of importsIn(file)) {
      if (specifier.startsWith('.')) open.push(join(dirname(file), specifier));
      else if (/^@farebox\/[a-z]+$/.test(specifier)) {
        packages.add(specifier);
        open.push(entryOf(specifier));
      } else other.add(specifier);
    }
  }
  return { files: [...files], packages: [...packages].sort(), other: [...other] };
}

/** The module that the main entry of a package is. */
export function entryOf(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}

function importsIn(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const found = text.matchAll(
    /(?:^|[\s;])(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|import\s*\(?\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? '');
}
