import type { NodeConfig, SecretSource } from './config.js';
import { type Environment, readSecret, readSecretBytes, readTlsTrust } from './config-secrets.js';

/**
 * Reads the credential and the certificate that a configuration names, as `openNode` would, and forgets them. Asks nobody.
 *
 * @throws NodeError `node_refused`: one cannot be read, or is none; the message names the file or the variable
 */
export async function checkNodeMaterials(
  config: NodeConfig,
  environment: Environment = process.env,
): Promise<void> {
  if (config.kind === 'lnd') await readSecretBytes(config.macaroon, environment);
  else await readSecret(secretOf(config), environment);
  if (config.kind !== 'nwc') await readTlsTrust(config.tls);
}

function secretOf(config: Exclude<NodeConfig, { readonly kind: 'lnd' }>): SecretSource {
  switch (config.kind) {
    case 'nwc':
      return config.connection;
    case 'cln':
      return config.rune;
    case 'phoenixd':
    case 'eclair':
      return config.password;
    case 'lnbits':
    case 'btcpay':
      return config.key;
  }
}
