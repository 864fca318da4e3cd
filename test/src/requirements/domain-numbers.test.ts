import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../house.js';

// The HeadlessDomains document, R1 to R34: each number stands in the title of a test, so that it can be run by its number.

const requirements = Array.from({ length: 34 }, (_, at) => `R${at + 1}`);

/** The titles of the tests of the registrar, the command and the wallet, and of those that cross them. */
const titles = ['apps/registrar/src', 'apps/farebox/src', 'packages/wallet/src', 'test/src'].flatMap(
  (folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => {
        const source = readFileSync(join(root, folder, file), 'utf8');
        const calls = source.matchAll(
          /\b(?:(?:it|describe)\b[\w.]*(?:\([^()]*\))?\(|const title =)\s*(['"`])(.*?)\1/g,
        );
        const rows = source.matchAll(/^\s*\[(['"`])(R\d+: .*?)\1,/gm);
        return [...calls, ...rows].map(([, , title = '']) => title);
      }),
);

describe('every requirement of the document has a test with its number in its title', () => {
  it.each(requirements)('%s', (number) => {
    expect(titles.filter((title) => new RegExp(`\\b${number}\\b`).test(title))).not.toEqual([]);
  });
});

it('R33: the packages of a keyring are named for those who want one, and ours needs none', () => {
  const text = readFileSync(join(root, 'docs/wallet.md'), 'utf8').replace(/\s+/g, ' ');
  expect(text).toMatch(/needs no keyring/);
  for (const name of ['libsecret-tools', 'libsecret-1-0', 'gnome-keyring', 'dbus-x11'])
    expect(text).toContain(name);
});
