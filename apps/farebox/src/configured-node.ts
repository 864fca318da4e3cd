import type { NodeConfig } from '@farebox/gateway';
import type { InvoiceNode, PayingNode } from '@farebox/lightning';
import { CliError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';
import { findHome } from './home.js';

/**
 * Connects to the node that a configuration names, as the gateway would.
 *
 * @throws {CliError} `node_config_invalid`: the configuration is wrong (exit code 2)
 */
export function openConfiguredNode(config: NodeConfig): Promise<InvoiceNode> {
  return translated(async () => (await import('@farebox/gateway')).openNode(config, findHome().directory));
}

/**
 * Connects to the node that a configuration names, so as to pay with it.
 *
 * @throws {CliError} `node_config_invalid`
 */
export function openConfiguredPayer(config: NodeConfig): Promise<PayingNode> {
  return translated(async () => {
    const { NodeConfigError } = await import('@farebox/gateway');
    if (config.kind !== 'devnet') return (await import('@farebox/lightning/nodes')).openNode(config);
    const { connectDevnet, readDevnetFile } = await import('@farebox/devnet');
    const found = await readDevnetFile(findHome().directory);
    if (found === undefined)
      throw new NodeConfigError('There is no devnet here. Start one with: farebox devnet');
    return connectDevnet({ ...found, role: 'wallet' });
  });
}

async function translated<T>(open: () => Promise<T>): Promise<T> {
  const { NodeConfigError } = await import('@farebox/gateway');
  const { NodeError } = await import('@farebox/lightning');
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof NodeConfigError) && !(cause instanceof NodeError)) throw cause;
    // Not asked yet, so it is the configuration: a secret or certificate that cannot be read, an address, no devnet.
    const unreachable = cause.code === 'node_unreachable';
    throw new CliError(cause.code, cause.message, {
      cause,
      exitCode: unreachable ? exitCodes.network : exitCodes.usage,
    });
  }
}
