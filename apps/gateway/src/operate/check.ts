import { access, constants } from 'node:fs/promises';
import { checkNodeMaterials } from '@farebox/lightning/nodes';
import { readToken } from '../admin/token.js';
import type { GatewayConfig, NodeConfig } from '../config/config.js';
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
  const { ledger, tempo, node, admin, rates } = config;
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
    node === undefined ? nothing : checkNode(node, environment),
    ...rates.map((rate) =>
      rate.kind === 'read' && rate.place.kind === 'file'
        ? readable(rate.place.from, `the rate of ${rate.currency}`)
        : nothing,
    ),
  ]);
}

const nothing = Promise.resolve();

async function checkNode(
  node: NodeConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (node.kind === 'devnet') await readable(node.tokenFile, 'the token of the devnet');
  else await checkNodeMaterials(node, environment);
}

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
