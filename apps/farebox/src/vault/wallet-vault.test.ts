import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { only, run } from '../testing/run.js';
import { keyFile } from '../testing/tempo-cli.js';
import { makeWallet } from '../testing/tempo-wallets.js';
import {
  knownAddresses,
  knownKeys,
  knownPhrase,
  newHome,
  openHome,
  passphrase,
  placeVault,
  vaultOf,
  walletOf,
} from './testing/vault-home.js';

let home = '';

beforeEach(() => {
  home = newHome();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('wallet create', () => {
  it('makes a vault with one account and a Tempo key, and shows no secret; it is not done twice', async () => {
    const accounts = [{ index: 0, name: 'main' }];
    const made = await walletOf(home).done('create');
    expect(made).toEqual({ ok: true, vault: vaultOf(home), accounts, migrated: false });
    const document = await openHome(home);
    expect(document.phrase.split(' ')).toHaveLength(12);
    expect(document.accounts).toMatchObject([{ name: 'main', tempo: { path: "m/44'/60'/0'/0/0" } }]);
    const before = readFileSync(vaultOf(home));
    const again = await walletOf(home).failed('create');
    expect(again).toMatchObject({ error: { code: 'vault_exists' }, exitCode: 1 });
    expect(readFileSync(vaultOf(home))).toEqual(before);
  });

  it('shows its words only when asked to, and they make the same key again', async () => {
    const { phrase } = await walletOf(home).done('create', '--show-phrase', '--name', 'first');
    const [made] = (await openHome(home)).accounts;
    rmSync(vaultOf(home));
    await walletOf(home, { FAREBOX_PHRASE: String(phrase) }).done('restore');
    const [restored] = (await openHome(home)).accounts;
    expect(restored?.tempo).toEqual(made?.tempo);
    expect([made?.name, restored?.name]).toEqual(['first', 'main']);
  });

  it('takes the Tempo key of a file into the vault, and the file is gone', async () => {
    await makeWallet(home);
    const key: unknown = JSON.parse(readFileSync(keyFile(home), 'utf8')).privateKey;
    const { stdout, code } = await run(home, ['wallet', 'create'], '', { FAREBOX_PASSPHRASE: passphrase });
    expect([code, stdout]).toEqual([0, expect.stringContaining('is in the vault now')]);
    expect(existsSync(keyFile(home))).toBe(false);
    const [account] = (await openHome(home)).accounts;
    expect(account).toMatchObject({ name: 'main', tempo: { privateKey: key } });
    expect(account?.tempo?.path).toBeUndefined();
  });

  it('leaves that file alone when others may read it, and makes no vault', async () => {
    await makeWallet(home);
    chmodSync(keyFile(home), 0o644);
    expect(await walletOf(home).failed('create')).toMatchObject({ error: { code: 'key_file_open' } });
    expect([existsSync(keyFile(home)), existsSync(vaultOf(home))]).toEqual([true, false]);
  });

  it.each([
    [{ FAREBOX_PASSPHRASE: '' }, [], 'passphrase_missing'],
    [{ FAREBOX_PASSPHRASE: 'short' }, [], 'passphrase_unfit'],
    [{}, ['--name', 'Agent 1'], 'account_name_malformed'],
  ])('with %j %j makes nothing: %s', async (env, words, code) => {
    expect(await walletOf(home, env).failed('create', ...words)).toMatchObject({ error: { code } });
    expect(existsSync(vaultOf(home))).toBe(false);
  });

  it('in a folder that others may use makes nothing, and says what to do', async () => {
    chmodSync(home, 0o755);
    const report = await walletOf(home).failed('create');
    expect(report).toMatchObject({ error: { code: 'vault_exposed' } });
    expect(JSON.stringify(report)).toContain(`chmod 700 ${home}`);
  });
});

describe('the passphrase', () => {
  it('is read from stdin where that is asked for, and never from an argument', async () => {
    await placeVault(home);
    const words = ['wallet', 'node', 'show', '--json'];
    const piped = await run(home, [...words, '--passphrase-fd', '0'], `${passphrase}\n`);
    expect([piped.code, only(piped.stdout).ok]).toEqual([0, true]);
    const { code, stderr } = await run(home, [...words, '--passphrase', passphrase]);
    expect(code).toBe(2);
    expect(stderr).not.toContain(passphrase);
  });

  it('that is missing or wrong is said to be so', async () => {
    await placeVault(home);
    const codeWith = async (given: string) =>
      (await walletOf(home, { FAREBOX_PASSPHRASE: given }).failed('node', 'show')).error;
    expect(await codeWith('')).toMatchObject({ code: 'vault_locked' });
    expect(await codeWith('wrong')).toMatchObject({ code: 'passphrase_wrong' });
  });

  it('is changed, and the old one opens nothing any more', async () => {
    await placeVault(home);
    await walletOf(home, { FAREBOX_NEW_PASSPHRASE: 'another one entirely' }).done('passphrase');
    await expect(openHome(home)).rejects.toMatchObject({ code: 'passphrase_wrong' });
    expect((await openHome(home, 'another one entirely')).accounts).toHaveLength(2);
  });
});

describe('accounts', () => {
  it('are listed without secrets, and chosen by name or number', async () => {
    await placeVault(home);
    expect(await walletOf(home).done('accounts')).toMatchObject({
      accounts: [
        { index: 0, name: 'main', lightning: null, tempo: { address: knownAddresses[0], accessKey: null } },
        { index: 1, name: 'agent', tempo: { address: knownAddresses[1], path: "m/44'/60'/0'/0/1" } },
      ],
    });
    for (const account of ['1', 'agent']) {
      const shown = await walletOf(home).done('node', 'show', '-a', account);
      expect(shown).toMatchObject({ account: { index: 1, name: 'agent' } });
    }
    const missing = await walletOf(home).failed('node', 'show', '-a', '2');
    expect(missing).toMatchObject({ error: { code: 'account_missing' }, exitCode: 2 });
    expect(await walletOf(home).failed('node', 'show', '-a', 'a b')).toMatchObject({ exitCode: 2 });
  });

  it('are added with keys of their own, which are never written over', async () => {
    await placeVault(home, ['main']);
    expect(await walletOf(home).done('accounts', 'add', 'bare', '--no-tempo')).toMatchObject({
      account: { index: 1, tempo: null },
    });
    const made = await walletOf(home).done(
      'tempo',
      'create',
      '-a',
      'bare',
      '--root-account',
      knownAddresses[0],
    );
    expect(made).toMatchObject({ address: knownAddresses[0], kept: 'the vault, account bare' });
    const again = await walletOf(home).failed('tempo', 'create', '-a', 'main');
    expect(again).toMatchObject({ error: { code: 'key_exists' } });
    expect((await openHome(home)).accounts[0]?.tempo?.path).toBe("m/44'/60'/0'/0/0");
  });

  it('are but one where there is no vault', async () => {
    await makeWallet(home);
    expect(await walletOf(home).failed('tempo', 'address', '-a', '1')).toMatchObject({ exitCode: 2 });
    expect(await walletOf(home).failed('accounts')).toMatchObject({ error: { code: 'vault_missing' } });
  });
});

describe('backup and restore', () => {
  it('a copy opens like the vault, brings everything back, and is not written over', async () => {
    await placeVault(home);
    const copy = join(home, 'copy.age');
    expect(await walletOf(home).done('backup', copy)).toEqual({ ok: true, copy, accounts: 2 });
    expect(readFileSync(copy)).toEqual(readFileSync(vaultOf(home)));
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(await walletOf(home).failed('backup', copy)).toMatchObject({ error: { code: 'backup_exists' } });
    const document = await openHome(home);
    rmSync(vaultOf(home));
    const wrong = await walletOf(home, { FAREBOX_PASSPHRASE: 'wrong' }).failed('restore', '--from', copy);
    expect(wrong).toMatchObject({ error: { code: 'passphrase_wrong' } });
    expect(existsSync(vaultOf(home))).toBe(false);
    await walletOf(home).done('restore', '--from', copy);
    expect(await openHome(home)).toEqual(document);
  });

  it('a copy is not made of a vault that does not open', async () => {
    await placeVault(home);
    writeFileSync(vaultOf(home), readFileSync(vaultOf(home)).subarray(0, -1));
    const copy = join(home, 'copy.age');
    expect(await walletOf(home).failed('backup', copy)).toMatchObject({ error: { code: 'vault_corrupt' } });
    expect(existsSync(copy)).toBe(false);
  });

  it('words bring back the keys that were made from them', async () => {
    const words = join(home, 'words.txt');
    writeFileSync(words, `${knownPhrase.toUpperCase()}\n`, { mode: 0o600 });
    const made = await walletOf(home).done('restore', '--phrase-file', words, '--accounts', '2');
    expect(made).toMatchObject({ accounts: [{ name: 'main' }, { name: 'account-1' }] });
    const { accounts } = await openHome(home);
    expect(accounts).toMatchObject(knownKeys.map((privateKey) => ({ tempo: { privateKey } })));
    expect(await walletOf(home).done('backup', '--show-phrase')).toMatchObject({ phrase: knownPhrase });
  });

  it('words give account 0 their own key: another in a file is not put in its place, and is not touched', async () => {
    await makeWallet(home);
    const before = readFileSync(keyFile(home));
    const env = { FAREBOX_PHRASE: knownPhrase };
    const report = await walletOf(home, env).failed('restore');
    expect(report).toMatchObject({
      error: { code: 'key_exists', message: expect.stringContaining(keyFile(home)) },
    });
    expect([readFileSync(keyFile(home)), existsSync(vaultOf(home))]).toEqual([before, false]);
    // Nor would anybody use it beside a vault that was brought back whole.
    const elsewhere = newHome();
    await placeVault(elsewhere);
    const copy = ['--from', vaultOf(elsewhere)];
    expect(await walletOf(home).failed('restore', ...copy)).toMatchObject({ error: { code: 'key_exists' } });
    expect([readFileSync(keyFile(home)), existsSync(vaultOf(home))]).toEqual([before, false]);
    rmSync(elsewhere, { recursive: true });
    rmSync(keyFile(home));
    await walletOf(home, env).done('restore');
    expect((await openHome(home)).accounts).toMatchObject([{ tempo: { privateKey: knownKeys[0] } }]);
  });

  it('words that are none are not repeated', async () => {
    const report = await walletOf(home, { FAREBOX_PHRASE: `${knownPhrase} hunter2` }).failed('restore');
    expect(report).toMatchObject({ error: { code: 'phrase_malformed' }, exitCode: 2 });
    expect(JSON.stringify(report)).not.toMatch(/junk|hunter2/);
  });
});

describe('unlock and lock', () => {
  it('a vault that is unlocked needs no passphrase to be read, and one that is locked does', async () => {
    await placeVault(home);
    const env = { XDG_RUNTIME_DIR: join(home, 'run') };
    mkdirSync(env.XDG_RUNTIME_DIR, { mode: 0o700 });
    const without = walletOf(home, { ...env, FAREBOX_PASSPHRASE: '' });
    expect(await walletOf(home, env).done('unlock', '--for', '30m')).toMatchObject({ unlocked: true });
    expect(await without.done('node', 'show', '-a', 'agent')).toMatchObject({ account: { index: 1 } });
    // It reads, and changes nothing.
    expect(await without.failed('accounts', 'add', 'another')).toMatchObject({
      error: { code: 'vault_locked' },
    });
    expect(await without.done('lock')).toMatchObject({ removed: true });
    expect(await without.failed('node', 'show')).toMatchObject({ error: { code: 'vault_locked' } });
  });

  it('keeps nothing where there is no folder in memory', async () => {
    await placeVault(home);
    const report = await walletOf(home, { XDG_RUNTIME_DIR: '' }).failed('unlock');
    expect(report).toMatchObject({ error: { code: 'session_unavailable' } });
  });
});

it('a vault behind a link is neither used nor written over', async () => {
  await placeVault(home);
  const real = join(home, 'real.age');
  writeFileSync(real, readFileSync(vaultOf(home)), { mode: 0o600 });
  rmSync(vaultOf(home));
  symlinkSync(real, vaultOf(home));
  for (const words of [
    ['node', 'show'],
    ['accounts', 'add', 'x'],
  ]) {
    const report = await walletOf(home).failed(...words);
    expect(report, words.join(' ')).toMatchObject({ error: { code: 'vault_not_plain' } });
  }
  expect(await walletOf(home).failed('create')).toMatchObject({ error: { code: 'vault_exists' } });
});
