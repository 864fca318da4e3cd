import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type RegistrarConfig, RegistrarConfigError } from './load.js';

/** The environment variable that holds the newest secret. */
export const secretVariable = 'FAREBOX_SECRET';
const secretBytesMin = 32;

/**
 * The secrets that challenges are signed with: `FAREBOX_SECRET`, then the lines of `secret_file`. With neither, a registrar of
 * this machine makes one and keeps it beside its store, readable by its owner only.
 *
 * @throws RegistrarConfigError; it never holds a secret
 */
export async function registrarSecrets(
  { input, directory }: RegistrarConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly string[]> {
  const given = environment[secretVariable];
  const secrets = given === undefined || given === '' ? [] : [given];
  if (input.secret_file !== undefined)
    secrets.push(...(await linesOf(resolve(directory, input.secret_file))));
  if (secrets.length === 0) {
    const local = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(input.realm).hostname);
    if (!local || !input.store.startsWith('sqlite:'))
      throw new RegistrarConfigError(
        `Set ${secretVariable} or secret_file to at least ${secretBytesMin} random bytes.`,
      );
    const path = resolve(
      dirname(resolve(directory, input.store.slice('sqlite:'.length))),
      'registrar.secret',
    );
    await makeSecret(path);
    secrets.push(...(await linesOf(path)));
  }
  if (secrets.some((secret) => Buffer.byteLength(secret) < secretBytesMin))
    throw new RegistrarConfigError(`A secret is shorter than ${secretBytesMin} bytes; make it longer.`);
  return secrets;
}

async function linesOf(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/).filter((line) => line !== '');
  } catch (cause) {
    throw new RegistrarConfigError(`The secret file ${path} cannot be read.`, { cause });
  }
}

/** Writes a fresh secret unless there is one; it is there only when it is whole. */
async function makeSecret(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(48).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, path)
    .catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    })
    .finally(() => rm(draft));
}
