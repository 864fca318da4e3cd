import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Home } from '../home.js';

/** Largest list of certificates, bytes. */
const certificateBytesMax = 65_536;

/**
 * The path of a file that holds these certificates: the adapters of nodes take a path. It is named after its content and
 * written again when it is not that. Certificates are no secret, but who could change them could stand in for the node:
 * the file is for its owner alone.
 *
 * @throws {VaultError} when it cannot be written, or others may change it
 */
export async function certificateFile(home: Home, certificates: string): Promise<string> {
  const { preparePrivateFolder, readPrivateFile, writePrivateFile } = await import('@farebox/wallet/vault');
  const bytes = Buffer.from(certificates);
  const path = join(
    home.certificates,
    `${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.pem`,
  );
  await preparePrivateFolder(home.certificates);
  const present = await readPrivateFile(path, certificateBytesMax);
  if (present === undefined || !bytes.equals(present)) await writePrivateFile(path, bytes, { replace: true });
  return path;
}
