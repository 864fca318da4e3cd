import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, Encrypter } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withAccounts, withChangedAccount } from './accounts.js';
import type { VaultNode } from './document.js';
import { serializeDocument } from './document.js';
import {
  cheapWorkFactor,
  knownPhrase,
  newDocument,
  newFolder,
  newVault,
  knownPassphrase as passphrase,
} from './testing/new-vault.js';
import { changePassphrase, createVault, openVault, placeVault, readSealed, updateVault } from './vault.js';

let folder = '';

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node: VaultNode = {
  kind: 'lnd',
  settings: { url: 'https://127.0.0.1:8080', plain_http: true },
  secret: '0201036c6e64',
  certificates: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  network: 'regtest',
  payer: 'lnd:02aa',
  feesUncapped: false,
};

describe('a vault', () => {
  it('is one file for its owner alone, in a folder for its owner alone, and nothing in it can be read', async () => {
    const path = join(folder, 'home', 'vault.age');
    await createVault({
      path,
      passphrase,
      document: newDocument('main', 'agent'),
      workFactor: cheapWorkFactor,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'home')).mode & 0o777).toBe(0o700);
    const text = readFileSync(path, 'latin1');
    expect(text.startsWith('age-encryption.org/v1\n-> scrypt ')).toBe(true);
    for (const word of ['junk', 'main', 'agent', 'ac0974', 'farebox']) expect(text).not.toContain(word);
    expect(readdirSync(join(folder, 'home')).filter((name) => name.includes('draft'))).toEqual([]);
  });

  it('gives back what was put in, and after a change the change alone', async () => {
    const path = await newVault(folder, newDocument('main', 'agent'));
    expect((await openVault(path, { passphrase })).document).toEqual(newDocument('main', 'agent'));
    const changed = await updateVault({ path, passphrase }, (document) =>
      withChangedAccount(document, 1, (account) => ({ ...account, node })),
    );
    const { document } = await openVault(path, { passphrase });
    expect(document).toEqual(changed);
    expect(document.accounts[0]).toEqual(newDocument('main').accounts[0]);
    expect(document.accounts[1]?.node).toEqual(node);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is opened by the age library with its passphrase, and one that the library made is a vault', async () => {
    const path = await newVault(folder);
    const theirs = new Decrypter();
    theirs.addPassphrase(passphrase);
    const text = await theirs.decrypt(Uint8Array.from(readFileSync(path)), 'text');
    expect(JSON.parse(text)).toMatchObject({ format: 'farebox-vault', version: 1, phrase: knownPhrase });
    const encrypter = new Encrypter();
    encrypter.setPassphrase(passphrase);
    encrypter.setScryptWorkFactor(10);
    const bytes = await encrypter.encrypt(serializeDocument(newDocument('theirs')));
    expect((await readSealed(bytes, { passphrase })).accounts[0]?.name).toBe('theirs');
  });

  it('is never written over, neither by another nor by a copy', async () => {
    const path = await newVault(folder);
    const before = readFileSync(path);
    const again = createVault({
      path,
      passphrase,
      document: newDocument('other'),
      workFactor: cheapWorkFactor,
    });
    await expect(again).rejects.toMatchObject({ code: 'vault_exists' });
    await expect(placeVault(path, new Uint8Array(8))).rejects.toMatchObject({ code: 'vault_exists' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('opens with the new passphrase alone after it was changed', async () => {
    const path = await newVault(folder);
    await changePassphrase({ path, passphrase }, 'another one entirely');
    await expect(openVault(path, { passphrase })).rejects.toMatchObject({ code: 'passphrase_wrong' });
    const { document } = await openVault(path, { passphrase: 'another one entirely' });
    expect(document).toEqual(newDocument());
  });

  it.each(['short', '', 'two\nlines of it', 'a NUL\0 in it', 'x'.repeat(1_025)])(
    'is not closed with %j',
    async (unfit) => {
      const path = join(folder, 'vault.age');
      await expect(createVault({ path, passphrase: unfit, document: newDocument() })).rejects.toMatchObject({
        code: 'passphrase_unfit',
      });
      expect(existsSync(path)).toBe(false);
    },
  );

  it('that is not there is told how to be made, and looking leaves nothing behind', async () => {
    const path = join(folder, 'vault.age');
    await expect(openVault(path, { passphrase })).rejects.toMatchObject({ code: 'vault_missing' });
    const change = updateVault({ path, passphrase }, (document) => document);
    await expect(change).rejects.toMatchObject({ code: 'vault_missing' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('opens by its own key, and a later version does not', async () => {
    const path = await newVault(folder);
    const { fileKey } = await openVault(path, { passphrase });
    expect((await openVault(path, { fileKey })).document).toEqual(newDocument());
    await updateVault({ path, passphrase }, (document) =>
      withAccounts(document, { names: ['second'], withoutTempo: true, nowMs: 1 }),
    );
    await expect(openVault(path, { fileKey })).rejects.toMatchObject({ code: 'vault_corrupt' });
  });

  it('holds a thousand accounts, each with a node, and not one more', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `account-${index}`);
    let document = newDocument(...names);
    for (const { index } of document.accounts.slice(0, 100)) {
      document = withChangedAccount(document, index, (account) => ({ ...account, node }));
    }
    const path = await newVault(folder, document);
    expect((await openVault(path, { passphrase })).document).toEqual(document);
    const more = updateVault({ path, passphrase }, (before) =>
      withAccounts(before, { names: ['one-more'], nowMs: 1 }),
    );
    await expect(more).rejects.toMatchObject({ code: 'accounts_full' });
  });

  it('that would become too large stays as it was', async () => {
    const path = await newVault(
      folder,
      newDocument(...Array.from({ length: 200 }, (_, index) => `a-${index}`)),
    );
    const before = readFileSync(path);
    const large = { ...node, certificates: 'x'.repeat(65_000) };
    const change = updateVault({ path, passphrase }, (document) => ({
      ...document,
      accounts: document.accounts.map((account) => ({ ...account, node: large })),
    }));
    await expect(change).rejects.toMatchObject({ code: 'vault_too_large' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('is not written with what could not be read again', async () => {
    const path = await newVault(folder);
    const before = readFileSync(path);
    for (const name of ['Main', 'a b', '1', '', 'nul\0', '__proto__', 'x'.repeat(33)]) {
      const change = updateVault({ path, passphrase }, (document) => ({
        ...document,
        accounts: document.accounts.map((account) => ({ ...account, name })),
      }));
      await expect(change, name).rejects.toThrow();
    }
    expect(readFileSync(path)).toEqual(before);
  });

  it('keeps what a crash has left from growing: drafts go with the next change', async () => {
    const path = await newVault(folder);
    writeFileSync(`${path}.0123456789ab.draft`, 'half', { mode: 0o600 });
    writeFileSync(join(folder, 'other.draft'), 'not ours');
    await updateVault({ path, passphrase }, (document) => document);
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual(['other.draft']);
    chmodSync(folder, 0o700);
  });
});
