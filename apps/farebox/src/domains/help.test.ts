import { registerRegistrar } from '@farebox/registrar/command';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { registerDomains } from '../commands/domains-group.js';
import { readTree, splitAfter } from '../help/tree.js';

const program = new Command('farebox');
registerDomains(program);
registerRegistrar(program);
const leaves = readTree(program).filter(({ path }) => path !== '');

it.each(leaves.map((leaf) => [leaf.path, leaf] as const))(
  '%s --help has an example of itself',
  (path, leaf) => {
    const { examples } = splitAfter(leaf.after);
    if (leaf.group) expect(examples).toContain(`farebox ${path}`);
    else expect(examples.split('\n').some((line) => line.trim().startsWith(`farebox ${path}`))).toBe(true);
  },
);

it('terms are agreed to where one registers, and nowhere else (R6)', () => {
  const agreeing = leaves.filter(({ options }) => options.some(({ flags }) => flags === '--agree-to-terms'));
  expect(agreeing.map(({ path }) => path)).toEqual(['domains register']);
  const renew = leaves.find(({ path }) => path === 'domains renew');
  expect(renew?.after).not.toMatch(/agree-to-terms|no name is locked/);
});
