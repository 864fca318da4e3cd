import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encryptText } from './age-file.js';
import { parseDocument, serializeDocument } from './document.js';
import {
  cheapWorkFactor,
  knownPhrase,
  newDocument,
  newFolder,
  newVault,
  knownPassphrase as passphrase,
} from './testing/new-vault.js';
import { openVault, readSealed, updateVault, vaultBytesMax } from './vault.js';
import { VaultError } from './vault-error.js';

const runs = Number(process.env.FUZZ_RUNS ?? 200);
let folder = '';

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The code of the refusal; the error must not tell what it must not. */
async function refused(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VaultError)) throw new Error(`Not refused as it should be: ${String(error)}`);
  const told = `${error.message}${error.stack}${JSON.stringify(error.cause ?? '')}`;
  for (const secret of [passphrase, knownPhrase, 'ac0974bec39a17e3']) expect(told).not.toContain(secret);
  return error.code;
}

const open = (path: string, words = passphrase) => refused(openVault(path, { passphrase: words }));

describe('a vault in bad hands', () => {
  it('does not open with another passphrase, whatever is near the right one', async () => {
    const path = await newVault(folder);
    for (const wrong of [`${passphrase} `, passphrase.toUpperCase(), passphrase.slice(0, -1), '']) {
      expect(await open(path, wrong), JSON.stringify(wrong)).toBe('passphrase_wrong');
    }
    const write = updateVault({ path, passphrase: 'wrong' }, (document) => document);
    expect(await refused(write)).toBe('passphrase_wrong');
  });

  it('cut at any place is refused', async () => {
    const path = await newVault(folder);
    const { length } = readFileSync(path);
    for (let cut = length - 1; cut >= 0; cut -= 7) {
      truncateSync(path, cut);
      expect(await open(path), String(cut)).toMatch(/^vault_corrupt$|^passphrase_wrong$/);
    }
  });

  it('changed in any bit is refused', async () => {
    const path = await newVault(folder);
    const bytes = Uint8Array.from(readFileSync(path));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(await refused(readSealed(changed, { passphrase }))).toMatch(
          /^vault_corrupt$|^passphrase_wrong$|^vault_too_costly$/,
        );
      }),
      { numRuns: runs },
    );
  });

  it('with anything behind its end is refused', async () => {
    const path = await newVault(folder);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]));
    expect(await open(path)).toBe('vault_corrupt');
  });

  it.each([
    '',
    'no age at all',
    'age-encryption.org/v1\n',
    'age-encryption.org/v1\n-> scrypt\n',
    '\0'.repeat(4_096),
  ])('that is %j is refused', async (text) => {
    const path = join(folder, 'vault.age');
    writeFileSync(path, text, { mode: 0o600 });
    expect(await open(path)).toBe('vault_corrupt');
  });

  it('larger than any vault is not even read', async () => {
    const path = join(folder, 'vault.age');
    writeFileSync(path, '', { mode: 0o600 });
    truncateSync(path, vaultBytesMax + 1);
    expect(await open(path)).toBe('vault_too_large');
  });

  it.each(['19', '20', '30', '63', '64', '1024', '9999'])(
    'that asks for scrypt of 2^%s computes nothing',
    async (factor) => {
      const path = await newVault(folder);
      const text = readFileSync(path, 'latin1').replace(/^(-> scrypt \S+) \d+$/m, `$1 ${factor}`);
      writeFileSync(path, text, { encoding: 'latin1', mode: 0o600 });
      expect(await open(path)).toBe('vault_too_costly');
    },
  );

  it.each(['0', '04', '-1', '4.0', '4 ', '1e1', '99999999999999999999', 'x'])(
    'whose cost is %j is damaged',
    async (factor) => {
      const path = await newVault(folder);
      const text = readFileSync(path, 'latin1').replace(/^(-> scrypt \S+) \d+$/m, `$1 ${factor}`);
      writeFileSync(path, text, { encoding: 'latin1', mode: 0o600 });
      expect(await open(path)).toBe('vault_corrupt');
    },
  );

  it('encrypted for a key instead of a passphrase is none', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
    const bytes = await encrypter.encrypt(serializeDocument(newDocument()));
    expect(await refused(readSealed(bytes, { passphrase }))).toBe('vault_corrupt');
  });

  it('of two passphrases is none: the format forbids it', async () => {
    const path = await newVault(folder);
    const text = readFileSync(path, 'latin1');
    const stanza = /^-> scrypt [^\n]+\n[^\n]+\n/m.exec(text)?.[0] ?? '';
    const twice = text.replace(stanza, stanza + stanza);
    expect(await refused(readSealed(Uint8Array.from(Buffer.from(twice, 'latin1')), { passphrase }))).toBe(
      'vault_corrupt',
    );
  });

  it.each([
    ['of a newer version', '{"format":"farebox-vault","version":2}', 'vault_foreign'],
    ['of no version', '{"format":"farebox-vault"}', 'vault_foreign'],
    ['of something else', '{"secret":"mine"}', 'vault_foreign'],
    ['that is no JSON', 'my diary', 'vault_foreign'],
    [
      'without accounts',
      '{"format":"farebox-vault","version":1,"phrase":"x","accounts":[]}',
      'vault_corrupt',
    ],
    [
      'with a member nobody knows',
      serializeDocument(newDocument()).replace('"accounts"', '"also":1,"accounts"'),
      'vault_corrupt',
    ],
    [
      'with NUL in a name',
      serializeDocument(newDocument()).replace('"main"', '"ma\\u0000in"'),
      'vault_corrupt',
    ],
    ['with two of a name', serializeDocument(newDocument('a', 'b')).replace('"b"', '"a"'), 'vault_corrupt'],
    [
      'with numbers out of order',
      serializeDocument(newDocument('a', 'b')).replace('"index": 1', '"index": 0'),
      'vault_corrupt',
    ],
    ['with a key too short', serializeDocument(newDocument()).replace('0xac09', '0x'), 'vault_corrupt'],
  ])('%s is refused', async (_what, text, code) => {
    const path = join(folder, 'vault.age');
    writeFileSync(path, await encryptText(text, passphrase, cheapWorkFactor), { mode: 0o600 });
    expect(await open(path)).toBe(code);
  });

  it('behind a link, a folder or a pipe is not used', async () => {
    const path = await newVault(folder);
    renameSync(path, `${path}.real`);
    symlinkSync(`${path}.real`, path);
    expect(await open(path)).toBe('vault_not_plain');
    expect(await refused(updateVault({ path, passphrase }, (document) => document))).toBe('vault_not_plain');
    rmSync(path);
    symlinkSync('/nowhere/at/all', path);
    expect(await open(path)).toBe('vault_not_plain');
    rmSync(path);
    mkdirSync(path);
    expect(await open(path)).toBe('vault_not_plain');
    rmSync(path, { recursive: true });
    spawnSync('mkfifo', ['-m', '600', path]);
    expect(await open(path)).toBe('vault_not_plain');
  });

  it.each([0o640, 0o604, 0o620, 0o601, 0o666])('that others may use (mode %o) is not used', async (mode) => {
    const path = await newVault(folder);
    chmodSync(path, mode);
    const error: unknown = await openVault(path, { passphrase }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'vault_exposed',
      message: expect.stringContaining(`chmod 600 ${path}`),
    });
  });

  it.each([0o755, 0o770, 0o711, 0o777])(
    'in a folder that others may use (mode %o) is not used',
    async (mode) => {
      const path = await newVault(folder);
      chmodSync(folder, mode);
      const error: unknown = await openVault(path, { passphrase }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'vault_exposed',
        message: expect.stringContaining(`chmod 700 ${folder}`),
      });
    },
  );
});

describe('what is in a vault', () => {
  it('is read or refused, whatever it is, and what is read is written the same', () => {
    const known = JSON.parse(serializeDocument(newDocument('a', 'b')));
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('phrase', 'accounts', 'version', 'extra'),
        (value, member) => {
          const read = parseDocument(JSON.stringify({ ...known, [member]: value }));
          if (read.ok) expect(parseDocument(serializeDocument(read.value))).toEqual(read);
        },
      ),
      { numRuns: runs },
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseDocument(text).ok).toBe(false);
      }),
      { numRuns: runs },
    );
  });
});
