import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrows, readManifest, root } from './house.js';

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** What a published package may hold, and nothing else. */
const wanted =
  /^(package\.json|README\.md|LICENSE|farebox(\.schema\.json|\.yaml)|policy\.schema\.json|bin\/[\w.-]+\.js|dist\/[\w/.-]+\.(js|d\.ts|js\.map))$/;

describe.each(Object.keys(arrows))('npm pack of %s', (room) => {
  const packed: Packed[] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(root, room),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const files = packed.flatMap((each) => each.files.map((file) => file.path));

  it('lists nothing stray', () => {
    expect(files.filter((file) => !wanted.test(file) || /\.test\.|\/testing\//.test(file))).toEqual([]);
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
