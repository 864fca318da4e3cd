import type { LightningNode } from '../node.js';
import type { NodeAccess } from './access.js';
import type { HttpNodeConfig, NodeConfig } from './config.js';
import { type Environment, readSecret, readSecretBytes, readTlsTrust } from './config-secrets.js';

/** What is given beside the configuration; for tests and for programs with a clock or an environment of their own. */
export interface OpenNodeOptions {
  /** Where secrets named by variable are; `process.env` when left out. */
  readonly environment?: Environment;
  /** How long an answer that moves no money may take, milliseconds; each adapter's own when left out. */
  readonly answerMs?: number;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}

/**
 * Connects to the configured node. Reads the secrets and loads the adapter only now, so that nobody loads Nostr who
 * has an LND. No node is asked yet, but for `nwc`, which learns what the wallet offers, if the relay answers.
 *
 * @throws NodeError `node_refused`: a secret or a certificate cannot be read, or the address cannot be used
 *
 * @example
 * ```ts
 * import { openNode, parseNodeConfig } from '@farebox/lightning/nodes';
 * const config = parseNodeConfig({ kind: 'cln', rune_file: '/run/secrets/rune', tls_cert_file: 'ca.pem' });
 * if (!config.ok) throw new Error(config.detail);
 * const node = await openNode(config.value);
 * console.log(await node.info());
 * ```
 */
export async function openNode(config: NodeConfig, options: OpenNodeOptions = {}): Promise<LightningNode> {
  const { environment = process.env, ...common } = options;
  if (config.kind === 'nwc') {
    const connection = await readSecret(config.connection, environment);
    const { openNwc } = await import('./nwc/nwc.js');
    const expected = config.network === undefined ? undefined : { network: config.network };
    return openNwc({ connection, ...expected, ...common });
  }
  const access = { ...(await readAccess(config)), ...common };
  switch (config.kind) {
    case 'lnd': {
      const macaroon = await readSecretBytes(config.macaroon, environment);
      return (await import('./lnd/lnd.js')).openLnd({ ...access, macaroon });
    }
    case 'cln': {
      const rune = await readSecret(config.rune, environment);
      return (await import('./cln/cln.js')).openCln({ ...access, rune });
    }
    case 'phoenixd': {
      const password = await readSecret(config.password, environment);
      return (await import('./phoenixd.js')).openPhoenixd({ ...access, password });
    }
    case 'lnbits': {
      const key = await readSecret(config.key, environment);
      const { network, unreachableByBuyers } = config;
      return (await import('./lnbits.js')).openLnbits({ ...access, key, network, unreachableByBuyers });
    }
    case 'eclair': {
      const password = await readSecret(config.password, environment);
      return (await import('./eclair.js')).openEclair({ ...access, password });
    }
    case 'btcpay': {
      const key = await readSecret(config.key, environment);
      const { network, storeId } = config;
      return (await import('./btcpay.js')).openBtcpay({ ...access, key, network, storeId });
    }
  }
}

async function readAccess(config: HttpNodeConfig): Promise<NodeAccess> {
  const tls = await readTlsTrust(config.tls);
  return {
    url: config.url,
    plainHttpAllowed: config.plainHttpAllowed,
    ...(tls === undefined ? undefined : { tls }),
    ...(config.network === undefined ? undefined : { network: config.network }),
  };
}
