import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The rooms of the house and the arrows between them: each may import those listed, and nothing else of ours. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol': [],
  'packages/lightning': ['packages/protocol'],
  'packages/tempo': ['packages/protocol'],
  'packages/ledger': ['packages/protocol'],
  'packages/gate': ['packages/protocol', 'packages/ledger'],
  'packages/wallet': ['packages/protocol'],
  'packages/devnet': ['packages/protocol', 'packages/lightning'],
  'examples/bitcoin-api': [],
  'apps/gateway': [
    'packages/protocol',
    'packages/lightning',
    'packages/tempo',
    'packages/ledger',
    'packages/gate',
    'packages/devnet',
  ],
  'apps/registrar': [
    'packages/protocol',
    'packages/lightning',
    'packages/tempo',
    'packages/ledger',
    'packages/gate',
    'packages/devnet',
  ],
  'apps/farebox': [
    'packages/protocol',
    'packages/lightning',
    'packages/tempo',
    'packages/ledger',
    'packages/gate',
    'packages/wallet',
    'packages/devnet',
    'apps/gateway',
    'apps/registrar',
    'examples/bitcoin-api',
  ],
};

/** What is read of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of a room. */
export function readManifest(room: string): Manifest {
  return JSON.parse(readFileSync(join(root, room, 'package.json'), 'utf8'));
}

/** Every TypeScript file of a room, as paths relative to the room. */
export function sourcesOf(room: string): string[] {
  const folder = join(root, room, 'src');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(join(root, room), join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Tests stand beside the file they test; what only tests use is in a folder named testing. */
export function isTestSource(file: string): boolean {
  return /\.test\.ts$|\/testing\//.test(file);
}

/** What a file imports: the specifiers of import, export … from, import() and resolve(). */
export function importsOf(room: string, file: string): string[] {
  const text = readFileSync(join(root, room, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const found = text.matchAll(
    /(?:^|[\s;])(?:import|export)\b[^'"`;]*?from\s*'([^']+)'|import\s*\(?\s*'([^']+)'|\.resolve\(\s*'([^']+)\/package\.json'/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** The package of a specifier: `@farebox/lightning/paper` → `@farebox/lightning`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}
