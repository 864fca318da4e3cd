import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsConfig } from '../config/config.js';
import { every } from '../every.js';

/** A certificate that cannot be used. The message names files, and holds nothing of them. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code = 'tls_unusable';
}

/**
 * Reads certificate and key, and tries them: what cannot be used must not take the place of what can.
 *
 * @throws TlsError, AggregateError
 */
export async function readTls(config: TlsConfig): Promise<SecureContextOptions> {
  const { certFile, keyFile, minVersion } = config;
  const [cert, key] = await every([readPem(certFile), readPem(keyFile)]);
  const options = { cert, key, minVersion };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new TlsError(
      `The certificate ${certFile} and the key ${keyFile} cannot be used together; check both.`,
      {
        cause,
      },
    );
  }
  return options;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TlsError(`The file ${path} cannot be read; check its path and its mode.`, { cause });
  }
}
