import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { GatewayConfig } from './config.js';
import { isLoopback } from './listen.js';
import { secretBytesMin } from './schema.js';

/** The environment variable that holds the newest secret. */
export const secretVariable = 'FAREBOX_SECRET';

/** Most secrets in a keyring: each is tried on every credential that is not ours. */
export const secretsMax = 16;

/** The keyring cannot be had. The message says why and never holds a secret. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code = 'secret_unusable';
}

/** Where the secrets came from; for the log. */
export interface Secrets {
  /** Newest first. */
  readonly values: readonly string[];
  /** Set when a secret was generated or found in the generated file: its path. */
  readonly generatedFile: string | undefined;
}

/**
 * The keyring: FAREBOX_SECRET, then `secrets`, then the lines of `secret_file`. With none of them, a loopback or
 * devnet gateway makes a secret of its own and keeps it beside the ledger, so that challenges survive a restart.
 *
 * @throws SecretError
 */
export async function resolveSecrets(
  config: GatewayConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Secrets> {
  const values = await namedSecrets(config, environment);
  if (values.length > 0) return { values, generatedFile: undefined };
  const path = ownSecretFile(config);
  if (path === undefined)
    return { values: [randomBytes(48).toString('base64url')], generatedFile: undefined };
  await createSecretFile(path);
  return { values: await readSecretFile(path), generatedFile: path };
}

/**
 * Tells whether {@link resolveSecrets} would find secrets, or could make one. Makes none, and shows none.
 *
 * @throws SecretError
 */
export async function checkSecrets(
  config: GatewayConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const values = await namedSecrets(config, environment);
  const path = values.length > 0 ? undefined : ownSecretFile(config);
  if (path === undefined) return;
  const made = await stat(path).then(
    () => true,
    () => false,
  );
  if (made) await readSecretFile(path);
}

/** What environment and configuration name. */
async function namedSecrets(
  config: GatewayConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const fromEnvironment = environment[secretVariable];
  const values = [
    ...(fromEnvironment === undefined || fromEnvironment === ''
      ? []
      : [checked(fromEnvironment, secretVariable)]),
    ...config.secrets,
    ...(config.secretFile === undefined ? [] : await readSecretFile(config.secretFile)),
  ];
  if (values.length > secretsMax) {
    throw new SecretError(`There are ${values.length} secrets; keep at most ${secretsMax}, newest first.`);
  }
  return values;
}

/**
 * The file of the gateway's own secret, where nobody has named one; undefined: it is kept in memory, as the ledger is.
 *
 * @throws SecretError where a secret has to be named
 */
function ownSecretFile({ realm, node, ledger }: GatewayConfig): string | undefined {
  if (!isLoopback(realm) && node?.kind !== 'devnet') {
    throw new SecretError(
      `No secret is configured. Set ${secretVariable} or secret_file to at least ${secretBytesMin} random bytes, ` +
        'for instance from: openssl rand -base64 48',
    );
  }
  if (ledger.kind === 'postgres') {
    throw new SecretError(
      `No secret is configured. Gateways that share a ledger must share a secret: set ${secretVariable} or secret_file ` +
        'in each of them.',
    );
  }
  return ledger.path === ':memory:' ? undefined : resolve(dirname(ledger.path), 'farebox.secret');
}

/**
 * Writes a fresh secret unless the file exists. Readable by its owner only, from the first moment on, and there only when it
 * is whole: a crash in between must not leave an empty file that every later start would trip over.
 */
async function createSecretFile(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(48).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, not a rename: whoever came first has made the secret.
    await link(draft, path).finally(() => rm(draft));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return;
    throw new SecretError(
      `A secret cannot be kept in ${path}; make its folder writable or set ${secretVariable}.`,
      { cause },
    );
  }
}

async function readSecretFile(path: string): Promise<string[]> {
  let text: string;
  try {
    const { mode } = await stat(path);
    // Windows has no such bits; it reports 0o666 for every file.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new SecretError(`${path} can be read by others; run: chmod 600 ${path}`);
    }
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof SecretError) throw cause;
    throw new SecretError(
      `The secret file ${path} cannot be read; make one with: (umask 077; openssl rand -hex 32 > ${path})`,
      { cause },
    );
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0) throw new SecretError(`The secret file ${path} is empty; write one secret a line.`);
  return lines.map((line, index) => checked(line, `${path} line ${index + 1}`));
}

function checked(secret: string, where: string): string {
  if (Buffer.byteLength(secret) >= secretBytesMin) return secret;
  throw new SecretError(`${where}: the secret is shorter than ${secretBytesMin} bytes.`);
}
