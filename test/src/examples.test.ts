import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrows, isTestSource, root, sourcesOf } from './house.js';

interface Example {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

/** Every ```ts fence of a text; `prefix` is what stands before each line of it, as in doc comments. */
function examplesIn(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^([ *]*)```ts\n([\s\S]*?)^\1```/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length,
    code: (match[2] ?? '').replace(/^[ ]*\* ?/gm, ''),
  }));
}

const sources = Object.keys(arrows).flatMap((room) =>
  sourcesOf(room)
    .filter((file) => !isTestSource(file))
    .map((file) => `${room}/${file}`),
);
const readmes = ['README.md', ...Object.keys(arrows).map((room) => `${room}/README.md`)];
const documents = readdirSync(join(root, 'docs')).map((file) => `docs/${file}`);
const examples = [...sources, ...readmes, ...documents]
  .filter((file) => existsSync(join(root, file)) && /\.(ts|md)$/.test(file))
  .flatMap(examplesIn);

describe('the examples of doc comments and documents', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(30);
  });

  it('compile', () => {
    const folder = join(root, 'test/.examples');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const { file, line, code } of examples) {
      // A file with an import or an export is a module already; the others must not share their names.
      const name = `${file.replace(/[^\w]/g, '-')}-${line}.ts`;
      writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    }
    const options = { noEmit: true, composite: false, noUnusedLocals: false, noUnusedParameters: false };
    const config = { extends: '../../tsconfig.base.json', compilerOptions: options, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/.bin/tsc');
    let complaints = '';
    try {
      execFileSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      complaints = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    }
    expect(complaints).toBe('');
    rmSync(folder, { recursive: true });
  });
});
