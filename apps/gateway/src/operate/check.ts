import { access, constants } from 'node:fs/promises';
import { readToken } from '../admin/token.js';
import type { GatewayConfig } from '../config/config.js';
import { NodeConfigError } from '../config/node.js';
import { checkSecrets } from '../config/secrets.js';
import { every } from '../every.js';
import { ledgerUrl } from '../ledger.js';
import { readMaterials } from './live.js';

/**
 * Tells whether a gateway could start with a configuration, as far as the files and variables go that it names. Opens
 * nothing, asks nobody and writes nothing: neither ledger nor node nor address is tried.
 *
 * @throws an error with a line for each fault
 */
export async function checkMaterials(
  config: GatewayConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const { ledger, tempo, node, admin } = config;
  const secretsOf = async () => {
    await checkSecrets(config, environment);
    return [];
  };
  await every([
    readMaterials(config, secretsOf, environment),
    ledger.kind === 'postgres' ? ledgerUrl(ledger) : nothing,
    admin === undefined ? nothing : checkToken(admin.tokenFile),
    readable(tempo?.rpcFile, 'the URL of the Tempo node'),
    readable(tempo?.feePayer?.keyFile, 'the key of the fee payer'),
    readable(node?.kind === 'devnet' ? node.tokenFile : undefined, 'the token of the devnet'),
  ]);
}

const nothing = Promise.resolve();

/** Where there is none, the first start makes it. */
async function checkToken(path: string): Promise<void> {
  const there = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (there) await readToken(path);
}

async function readable(path: string | undefined, what: string): Promise<void> {
  if (path === undefined) return;
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new NodeConfigError(`The file ${path} with ${what} cannot be read; check its path and its mode.`, {
      cause,
    });
  });
}
