import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrows, importsOf, isTestSource, packageOf, readManifest, root, sourcesOf } from './house.js';

const rooms = Object.keys(arrows);
const roomOfPackage = new Map(rooms.map((room) => [readManifest(room).name, room]));

describe.each(rooms)('%s', (room) => {
  const manifest = readManifest(room);
  const shipped = sourcesOf(room).filter((file) => !isTestSource(file));
  const imports = shipped.flatMap((file) => importsOf(room, file).map((specifier) => ({ file, specifier })));

  it('has sources, and its imports are seen', () => {
    expect(shipped.length).toBeGreaterThan(0);
    expect(shipped.length < 2 || imports.length > 0).toBe(true);
  });

  it('imports only the rooms below it', () => {
    const wrong = imports
      .map(({ file, specifier }) => ({ file, to: roomOfPackage.get(packageOf(specifier)) }))
      .filter(({ to }) => to !== undefined && to !== room && !(arrows[room] ?? []).includes(to));
    expect(wrong).toEqual([]);
  });

  it('stays inside its folder with relative imports', () => {
    const leaving = imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith('.') && !posix.join(dirname(file), specifier).startsWith('src/'),
    );
    expect(leaving).toEqual([]);
  });

  it('lists exactly what its code uses', () => {
    const used = new Set(
      imports
        .map(({ specifier }) => specifier)
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageOf)
        .filter((name) => name !== manifest.name),
    );
    const listed = { ...manifest.dependencies, ...manifest.optionalDependencies };
    expect(Object.keys(listed).sort()).toEqual([...used].sort());
  });

  it('lists what its tests use beside it', () => {
    const available = new Set([
      manifest.name,
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
      ...Object.keys(readRootDevDependencies()),
    ]);
    const missing = sourcesOf(room)
      .filter(isTestSource)
      .flatMap((file) => importsOf(room, file))
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(packageOf)
      .filter((name) => !available.has(name));
    expect(missing).toEqual([]);
  });

  it('never ships what exists for tests', () => {
    const leaks = imports.filter(
      ({ specifier }) => specifier === '@farebox/lightning/paper' || /\/testing\//.test(specifier),
    );
    expect(leaks).toEqual([]);
  });

  it('keeps every file under 300 lines', () => {
    const long = sourcesOf(room)
      .map((file) => ({ file, lines: readFileSync(join(root, room, file), 'utf8').split('\n').length - 1 }))
      .filter(({ file, lines }) => lines > 300 && !/\/vectors\//.test(file));
    expect(long).toEqual([]);
  });
});

describe('packages/protocol', () => {
  it('reaches no node: module from its main entry, so that it runs in browsers', () => {
    const seen = new Set<string>();
    const open = ['src/index.ts'];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      for (const specifier of importsOf('packages/protocol', file)) {
        expect(specifier, `imported by ${file}`).toMatch(/^\./);
        open.push(posix.join(dirname(file), specifier).replace(/\.js$/, '.ts'));
      }
    }
    expect(seen.size).toBeGreaterThan(5);
  });
});

function readRootDevDependencies(): Record<string, string> {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies;
}
