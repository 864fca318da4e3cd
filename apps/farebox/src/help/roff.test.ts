import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findHome } from '../home.js';
import { writeManPage } from './roff.js';

const page = writeManPage({ version: '1.2.3', tree: [] }).replaceAll('\\-', '-');
const sectionOf = (title: string) => page.split(`.SH ${title}\n`)[1]?.split('\n.SH ')[0] ?? '';

/** The shipped sources of every program and package. */
function sources(): string[] {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');
  return ['apps', 'packages'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((name) => {
      const folder = join(root, group, name, 'src');
      return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(?:^|\/)testing\//.test(file))
        .map((file) => readFileSync(join(folder, file), 'utf8'));
    }),
  );
}

describe('the manual page', () => {
  it('names every environment variable that is read', () => {
    const read = new Set(
      sources().flatMap((text) =>
        [...text.matchAll(/(?:'|env\.)((?:FAREBOX|XDG)_[A-Z_]*[A-Z])/g)].map(([, name = '']) => name),
      ),
    );
    // The keys of a node are told once for all of them.
    const named = [...read].map((name) => name.replace(/^FAREBOX_NODE_.*/, 'FAREBOX_NODE_'));
    expect(named).toEqual(
      expect.arrayContaining(['FAREBOX_HOME', 'FAREBOX_SECRET', 'FAREBOX_LOG', 'FAREBOX_TEMPO_RPC']),
    );
    expect(named.filter((name) => !sectionOf('ENVIRONMENT').includes(name))).toEqual([]);
  });

  it('names everything that is kept in the home folder', () => {
    const home = findHome({ FAREBOX_HOME: '/kept' });
    const kept = Object.values(home).filter((path) => path?.startsWith('/kept/'));
    const paths = [...kept, '/kept/policy.yaml', '/kept/origins.txt', '/kept/registrars'];
    expect(kept.length).toBeGreaterThan(5);
    const missing = paths.filter(
      (path) => !sectionOf('FILES').includes(`${path?.replace('/kept/', '$FAREBOX_HOME/')}`),
    );
    expect(missing).toEqual([]);
  });
});
