import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrows, readManifest, root } from './house.js';

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

/** What a published package may hold, and nothing else. */
const wanted =
  /^(package\.json|README\.md|LICENSE|farebox(\.schema\.json|\.yaml)|policy\.schema\.json|bin\/[\w.-]+\.js|dist\/[\w/.-]+\.(js|d\.ts|js\.map))$/;

// All at once: most of the time goes into starting npm.
const packed: Packed[] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--workspaces'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
);

describe.each(Object.keys(arrows))('npm pack of %s', (room) => {
  const files = packed
    .filter(({ name }) => name === readManifest(room).name)
    .flatMap((each) => each.files.map((file) => file.path));

  it('lists nothing stray', () => {
    expect(files.filter((file) => !wanted.test(file) || /\.test\.|\/testing[/.]/.test(file))).toEqual([]);
  });

  it('has its sources in its source maps: they are not packed beside them', () => {
    const maps = files.filter((file) => file.endsWith('.js.map'));
    expect(maps.length).toBeGreaterThan(0);
    for (const file of maps) {
      const { sourcesContent } = JSON.parse(readFileSync(join(root, room, file), 'utf8'));
      expect(sourcesContent, file).toEqual([expect.any(String)]);
    }
  });

  it('lists every entry point, with its types, a readme and a licence', () => {
    const named = JSON.stringify(readManifest(room).exports ?? {}).matchAll(
      /"\.\/([^"]+\.(?:js|d\.ts|json))"/g,
    );
    const entries = [...named].map((match) => match[1]);
    expect(files).toEqual(expect.arrayContaining(entries));
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']));
  });
});

describe('the Dockerfile', () => {
  it('takes every room that the command line is made of', () => {
    const reached = new Set<string>();
    const reach = (room: string): void => {
      if (reached.has(room)) return;
      reached.add(room);
      for (const next of arrows[room] ?? []) reach(next);
    };
    reach('apps/farebox');
    const [, taken = ''] =
      /package-lock\.json (.*) \| tar/.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
    const folders = taken.split(' ');
    for (const room of reached)
      expect(
        folders.some((folder) => room === folder || room.startsWith(`${folder}/`)),
        room,
      ).toBe(true);
  });
});
