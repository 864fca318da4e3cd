import { readFile } from 'node:fs/promises';
import type { NodeKind } from '@farebox/lightning/nodes';
import { CliError, usageError } from '../cli-error.js';
import { nodeSecretNames } from './node-config.js';
import { canPrompt, promptSecret, readSecretBytes } from './secret-input.js';

/** Where the credential of a node may come from. */
export interface NodeSecretOptions {
  readonly macaroonFile?: string;
  readonly runeFile?: string;
  readonly passwordFile?: string;
  readonly connectionFile?: string;
  readonly keyFile?: string;
  readonly secretFd?: number;
}

/** Largest list of trusted certificates, bytes. */
const certificatesBytesMax = 65_536;

/**
 * The credential of a node as one line of text; a binary macaroon becomes hex, which LND takes as well.
 *
 * @throws {CliError} `secret_missing` and those of the places; none repeats what was read
 */
export async function readNodeSecret(kind: NodeKind, options: NodeSecretOptions): Promise<string> {
  const name = nodeSecretNames[kind];
  const files = {
    macaroon: options.macaroonFile,
    rune: options.runeFile,
    password: options.passwordFile,
    connection: options.connectionFile,
    key: options.keyFile,
  };
  const [stranger] = Object.entries(files).filter(([other, file]) => other !== name && file !== undefined);
  if (stranger) throw usageError(`A node of the kind ${kind} has a ${name}: give --${name}-file.`);
  const file = Object.entries(files).find(([other]) => other === name)?.[1];
  const places = { what: name, variable: 'FAREBOX_CREDENTIAL', fd: options.secretFd, file };
  const bytes = (await readSecretBytes(places)) ?? (await ask(kind, name));
  const text = bytes.toString('latin1').trim();
  if (/^[\x20-\x7e]+$/.test(text)) return text;
  if (kind === 'lnd') return bytes.toString('hex');
  throw usageError(`The ${name} must stand on one line of plain characters, and nothing beside it.`);
}

async function ask(kind: NodeKind, name: string): Promise<Buffer> {
  if (canPrompt()) return Buffer.from(await promptSecret(`The ${name} of the ${kind} node`));
  const message = `The ${name} is needed; give it with --${name}-file, with --secret-fd or in FAREBOX_CREDENTIAL.`;
  throw new CliError('secret_missing', message, { retry: 'never' });
}

/** The certificates of a file, which go into the vault. Throws {@link CliError} `certificates_unreadable`. */
export async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CliError(
      'certificates_unreadable',
      `The certificates ${path} cannot be read; check the path.`,
      {
        cause,
        retry: 'never',
      },
    );
  });
  if (
    text.length > 0 &&
    text.length <= certificatesBytesMax &&
    text.includes('-----BEGIN CERTIFICATE-----')
  ) {
    return text;
  }
  throw usageError(`${path} holds no certificates in PEM form.`);
}
