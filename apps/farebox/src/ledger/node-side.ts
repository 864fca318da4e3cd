import type { NodeConfig } from '@farebox/gateway';
import type { InvoiceNode } from '@farebox/lightning';
import { CliError } from '../cli-error.js';
import { openConfiguredNode } from '../configured-node.js';
import { exitCodes } from '../exit-codes.js';
import type { NodeAnswer, SettledPayment } from './reconcile.js';

/** A node that can list what settled. */
export type ListingNode = InvoiceNode & Required<Pick<InvoiceNode, 'listSettled'>>;

/**
 * The node that a configuration names.
 *
 * @throws {CliError} when there is none
 */
export function namedNode(config: NodeConfig | undefined): NodeConfig {
  if (config !== undefined) return config;
  throw new CliError(
    'no_node',
    'The configuration names no Lightning node to compare with; name it under lightning.',
  );
}

/**
 * Connects to a configured node, and closes it when the work is done.
 *
 * @throws {CliError} when it cannot be used, or cannot list what settled
 */
export async function withNode<T>(config: NodeConfig, work: (node: ListingNode) => Promise<T>): Promise<T> {
  const { NodeError } = await import('@farebox/lightning');
  const node = await openConfiguredNode(config);
  try {
    if (!canList(node)) {
      throw new CliError(
        'node_cannot_list',
        `A node of the kind ${config.kind} cannot list the invoices that settled, so that there is nothing to compare with.`,
        { retry: 'never' },
      );
    }
    return await work(node);
  } catch (cause) {
    if (!(cause instanceof NodeError)) throw cause;
    const exitCode = cause.code === 'node_unreachable' ? exitCodes.network : exitCodes.failed;
    throw new CliError(cause.code, cause.message, { cause, exitCode });
  } finally {
    await node.close();
  }
}

function canList(node: InvoiceNode): node is ListingNode {
  return node.listSettled !== undefined;
}

/** What the node has received within a period. */
export async function* settledPayments(
  node: ListingNode,
  fromMs: number,
  untilMs: number,
): AsyncGenerator<SettledPayment> {
  for await (const { paymentHash, receivedMsat, settledMs, description } of node.listSettled({
    fromMs,
    untilMs,
  })) {
    yield { reference: paymentHash, receivedMsat, settledMs, description };
  }
}

/** What the node knows of one payment. */
export async function askNode(node: InvoiceNode, reference: string): Promise<NodeAnswer> {
  // A reference that is no payment hash is not put to the node: no node could have it.
  const state = /^[0-9a-f]{64}$/.test(reference) ? await node.lookupInvoice(reference) : undefined;
  if (state === undefined) return { status: 'unknown' };
  if (state.status !== 'settled') return { status: state.status };
  const { receivedMsat, settledMs } = state;
  if (receivedMsat === undefined) return { status: 'settled' };
  return { status: 'settled', payment: { reference, receivedMsat, settledMs } };
}
