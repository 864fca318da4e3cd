import { readFile } from 'node:fs/promises';
import type { InvoiceNode } from '@farebox/lightning';
import type { DevnetConfig, NodeConfig } from './config.js';

/** The Lightning node cannot be used as configured. The message says what to do and never holds a token. */
export class NodeConfigError extends Error {
  override readonly name = 'NodeConfigError';
  readonly code = 'node_config_invalid';
}

/**
 * Connects to the node that is paid. The gateway asks it for invoices only; it never needs the right to spend.
 *
 * @throws NodeConfigError
 */
export async function openNode(config: NodeConfig, home?: string): Promise<InvoiceNode> {
  if (config.kind === 'devnet') return openDevnet(config, home);
  // Loaded only now, and only the adapter that is configured.
  const nodes = await import('@farebox/lightning/nodes');
  try {
    return await nodes.openNode(config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be used';
    throw new NodeConfigError(`The ${config.kind} node cannot be used as configured: ${reason}`, { cause });
  }
}

async function openDevnet(config: DevnetConfig, home: string | undefined): Promise<InvoiceNode> {
  // Loaded only now: a gateway that is given its node never loads the devnet's Lightning implementation.
  const { connectDevnet, fareboxHome, readDevnetFile } = await import('@farebox/devnet');
  const { url, tokenFile } = config;
  const place = home ?? fareboxHome();
  if (url !== undefined && tokenFile !== undefined) {
    return connectDevnet({ url, token: await readToken(tokenFile), role: 'merchant' });
  }
  let found: { readonly url: string; readonly token: string } | undefined;
  try {
    found = await readDevnetFile(place);
  } catch (cause) {
    throw new NodeConfigError(`The devnet's file in ${place} cannot be read. Start it with: farebox devnet`, {
      cause,
    });
  }
  if (found === undefined) {
    throw new NodeConfigError(
      `No devnet was found in ${place}. Start one with: farebox devnet. Or name it: node: { kind: devnet, url, token_file }`,
    );
  }
  const token = tokenFile === undefined ? found.token : await readToken(tokenFile);
  return connectDevnet({ url: url ?? found.url, token, role: 'merchant' });
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new NodeConfigError(`The token file ${path} cannot be read.`, { cause });
  }
}
