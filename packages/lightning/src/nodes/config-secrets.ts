import { readFile } from 'node:fs/promises';
import { NodeError } from '../node.js';
import type { HttpNodeConfig, SecretSource } from './config.js';
import type { TlsTrust } from './http/trust.js';

/** Longest secret that is read, bytes. Connection texts and macaroons are a few hundred. */
export const secretBytesMax = 16_384;

/** Environment variables, or what stands for them in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A secret as text, without white space around it.
 *
 * @throws NodeError `node_refused`: it is not there, empty, too long or no single line; the message names the place
 */
export async function readSecret(source: SecretSource, environment: Environment): Promise<string> {
  const text = (await readSecretBytes(source, environment)).toString('utf8').trim();
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) {
    throw refused(
      `${placeOf(source)} must hold the secret on one line of plain characters, and nothing else.`,
    );
  }
  return text;
}

/**
 * A secret as it stands: LND's macaroons are binary.
 *
 * @throws NodeError `node_refused`: it is not there, empty or too long; the message names the place
 */
export async function readSecretBytes(source: SecretSource, environment: Environment): Promise<Buffer> {
  const place = placeOf(source);
  let bytes: Buffer;
  if ('variable' in source) {
    bytes = Buffer.from(environment[source.variable] ?? '');
  } else {
    try {
      bytes = await readFile(source.file);
    } catch (cause) {
      throw refused(`${place} cannot be read; check the path and who may read it.`, cause);
    }
  }
  if (bytes.length === 0) throw refused(`${place} holds no secret; put the node's credential there.`);
  if (bytes.length > secretBytesMax) throw refused(`${place} is too long for a credential; check the path.`);
  return bytes;
}

/**
 * The certificates that a configuration names.
 *
 * @throws NodeError `node_refused`: the file cannot be read
 */
export async function readTlsTrust(tls: HttpNodeConfig['tls']): Promise<TlsTrust | undefined> {
  if (tls === undefined || 'fingerprint' in tls) return tls;
  try {
    return { certificates: await readFile(tls.certificateFile, 'utf8') };
  } catch (cause) {
    throw refused(`The certificate file ${tls.certificateFile} cannot be read; check the path.`, cause);
  }
}

function placeOf(source: SecretSource): string {
  return 'variable' in source ? `The environment variable ${source.variable}` : `The file ${source.file}`;
}

function refused(message: string, cause?: unknown): NodeError {
  return new NodeError('node_refused', message, cause === undefined ? undefined : { cause });
}
