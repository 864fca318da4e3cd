import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createVault,
  openVault,
  type VaultDocument,
  type VaultNode,
  withAccounts,
  withChangedAccount,
} from '@farebox/wallet/vault';
import { expect } from 'vitest';
import { type Environment, only, type Run, run } from '../../testing/run.js';

/** The passphrase of every vault of a test. */
export const passphrase = 'correct horse battery staple';
/** A phrase whose keys everybody knows, and the keys of its first two accounts. */
export const knownPhrase = 'test test test test test test test test test test test junk';
/** The addresses of the first two keys of {@link knownPhrase}. */
export const knownAddresses = [
  '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
] as const;
/** And the keys themselves. */
export const knownKeys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
] as const;
/** Cheap to open: what is tested is not scrypt. */
const cheapWorkFactor = 4;

/** A home folder of its own, mode 0700. The caller removes it. */
export function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'farebox-vault-home-'));
}

/** Puts a vault with these accounts into a home. */
export async function placeVault(
  home: string,
  names: readonly string[] = ['main', 'agent'],
  nodes: Readonly<Record<string, VaultNode>> = {},
): Promise<void> {
  let document = withAccounts({ phrase: knownPhrase, accounts: [] }, { names, nowMs: 1_700_000_000_000 });
  for (const { index, name } of document.accounts) {
    const node = nodes[name];
    if (node) document = withChangedAccount(document, index, (account) => ({ ...account, node }));
  }
  await createVault({ path: vaultOf(home), passphrase, document, workFactor: cheapWorkFactor });
}

/** Where a home has its vault. */
export function vaultOf(home: string): string {
  return join(home, 'vault.age');
}

/** What is in the vault of a home. */
export async function openHome(home: string, words = passphrase): Promise<VaultDocument> {
  return (await openVault(vaultOf(home), { passphrase: words })).document;
}

/** `farebox wallet …` of one home, with the vault's passphrase in the environment. */
export function walletOf(home: string, more: Environment = {}) {
  const env = { FAREBOX_PASSPHRASE: passphrase, ...more };
  const call = (words: readonly string[]): Promise<Run> => run(home, ['wallet', ...words, '--json'], '', env);
  return {
    /** The one object of a command that works. */
    async done(...words: string[]): Promise<Record<string, unknown>> {
      const { code, stdout, stderr } = await call(words);
      expect([code, stderr]).toEqual([0, '']);
      return only(stdout);
    },
    /** The error of a command that does not: its exit code and its own code. */
    async failed(...words: string[]): Promise<Record<string, unknown>> {
      const { code, stdout, stderr } = await call(words);
      expect(stdout).toBe('');
      const report = only(stderr);
      expect(report).toMatchObject({ ok: false, exitCode: code, paid: false });
      expect(stderr).not.toContain(passphrase);
      return report;
    },
  };
}
