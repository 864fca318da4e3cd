import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../cli-error.js';
import { readSecretBytes, readSecretLine, secretInputBytesMax } from './secret-input.js';

const secret = 'correct horse battery staple';
let folder = '';
let count = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farebox-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A variable that no other test has. */
function newVariable(): string {
  count += 1;
  return `FAREBOX_TEST_SECRET_${count}`;
}

function fileOf(text: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, `secret-${count}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const read = (places: { fd?: number; file?: string; variable?: string }) =>
  readSecretLine({ what: 'passphrase', variable: newVariable(), ...places });

async function refused(work: Promise<unknown>): Promise<CliError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof CliError)) throw new Error('It was taken.');
  expect(error.message).not.toContain(secret);
  return error;
}

describe('a secret', () => {
  it.each([secret, `${secret}\n`, `${secret}\r\n`])('of one line is read from a file: %j', async (text) => {
    expect(await read({ file: fileOf(text) })).toBe(secret);
  });

  it('is read from a descriptor, as often as this process asks', async () => {
    const fd = openSync(fileOf(`${secret}\nnot this`), 'r');
    // A pipe may stay open behind the line.
    await expect(read({ fd })).rejects.toThrow();
    const clean = openSync(fileOf(`${secret}\n`), 'r');
    expect([await read({ fd: clean }), await read({ fd: clean })]).toEqual([secret, secret]);
  });

  it('is taken out of the environment, and can be asked for again', async () => {
    const variable = newVariable();
    process.env[variable] = secret;
    expect(await read({ variable })).toBe(secret);
    expect(process.env[variable]).toBeUndefined();
    expect(JSON.stringify(process.report.getReport())).not.toContain(secret);
    expect(await read({ variable })).toBe(secret);
  });

  it('is read from the file that a variable names', async () => {
    const variable = newVariable();
    process.env[`${variable}_FILE`] = fileOf(secret);
    expect(await read({ variable })).toBe(secret);
    delete process.env[`${variable}_FILE`];
  });

  it('that is nowhere is none', async () => {
    expect(await read({})).toBeUndefined();
  });

  it.each([
    '',
    '\n',
    `${secret}\nmore`,
    `${secret}\0`,
    `${secret}\r${secret}`,
    'x'.repeat(secretInputBytesMax + 1),
  ])('that is %j is refused', async (text) => {
    expect((await refused(read({ file: fileOf(text) }))).exitCode).toBe(2);
  });

  it.each([0o644, 0o640, 0o604, 0o666])(
    'in a file that others may use (mode %o) is refused',
    async (mode) => {
      const path = fileOf(secret, mode);
      const error = await refused(read({ file: path }));
      expect([error.code, error.message]).toEqual([
        'secret_exposed',
        expect.stringContaining(`chmod 600 ${path}`),
      ]);
    },
  );

  it('behind a link is as exposed as the file itself', async () => {
    const link = join(folder, 'link');
    symlinkSync(fileOf(secret, 0o644), link);
    expect((await refused(read({ file: link }))).code).toBe('secret_exposed');
  });

  it('in a folder, in no file and on a closed descriptor is refused', async () => {
    const inside = join(folder, 'folder');
    mkdirSync(inside);
    expect((await refused(read({ file: inside }))).exitCode).toBe(2);
    expect((await refused(read({ file: join(folder, 'nowhere') }))).code).toBe('secret_unreadable');
    expect((await refused(read({ fd: 9_999 }))).code).toBe('secret_unreadable');
  });

  it('from two places at once is refused', async () => {
    expect((await refused(read({ fd: 0, file: fileOf(secret) }))).exitCode).toBe(2);
  });

  it('of bytes comes as it is', async () => {
    const bytes = Buffer.from([2, 1, 0, 255, 10, 13]);
    const found = await readSecretBytes({ what: 'macaroon', variable: newVariable(), file: fileOf(bytes) });
    expect(found).toEqual(bytes);
  });
});
