import type { DevnetNode } from '@farebox/devnet';
import type { InvoiceNode, LightningNetwork, PayingNode } from '@farebox/lightning';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Lie } from './backing.js';
import { conformsAtTheEnd } from './conformance-end.js';
import { conformsUnderFaults } from './conformance-faults.js';
import { conformsWhenLost } from './conformance-lost.js';
import { conformsAsWallet } from './conformance-pay.js';
import { conformsAsSeller } from './conformance-sell.js';
import type { Wire } from './wire.js';

/** Makes the adapter's counterpart hold a payment, so that a test can look at it under way. */
export type Payee = Pick<
  DevnetNode,
  'createInvoice' | 'lookupInvoice' | 'holdInvoice' | 'settleHold' | 'cancelHold' | 'balance'
>;

/** What the suite does to the connection between an adapter and its node. */
export interface NodeFaults {
  /** Between the adapters `seller` and `wallet` and their node or nodes. */
  readonly wires: readonly Wire[];
  /** The same nodes over the same wires with a credential that the nodes do not accept. */
  readonly intruder: { readonly seller?: InvoiceNode; readonly wallet?: PayingNode };
  /** What must appear in no error: credentials of both adapters. */
  readonly secrets: readonly string[];
  /** Another adapter like `seller` that waits for {@link impatientMs} only. The world closes it. */
  impatient(): Promise<InvoiceNode> | InvoiceNode;
  /** Makes the node lie about its invoices. Absent where the node is real. */
  readonly lie?: (lie: Lie | undefined) => void;
}

/** Adapters to be tested, and the nodes that they deal with. */
export interface NodeWorld {
  /** What `info` says. */
  readonly kind: string;
  readonly network: LightningNetwork;
  /** The adapter with what selling needs. Absent where this kind of node cannot sell. */
  readonly seller?: InvoiceNode;
  /** The adapter with what paying needs. Absent where this kind of node cannot pay. */
  readonly wallet?: PayingNode;
  /** Pays what `seller` makes. */
  readonly payer: PayingNode;
  /** Makes what `wallet` pays. */
  readonly payee: Payee;
  /** What every payment of `wallet` to `payee` costs in fees. */
  readonly routeFeeMsat: bigint;
  /** False where the node forgets what a payment cost that ended after its deadline. */
  readonly lateFeeKnown: boolean;
  /** Absent where there is no connection to disturb. An adapter must give up on an answer within {@link answerMs}. */
  readonly faults?: NodeFaults;
  /** Another pair of adapters, to be closed by the test. */
  reconnect(): { readonly seller?: InvoiceNode; readonly wallet?: PayingNode };
  dispose(): Promise<void>;
}

/** How long adapters under test should wait for an answer that moves no money, milliseconds: the machine may be busy. */
export const answerMs = 20_000;
/** The same for those of {@link NodeFaults.impatient}: no answer will come. */
export const impatientMs = 3_000;

/**
 * What every Lightning node must do, whatever it is: the words of `node.ts`, by capability and never by name. Money
 * is real at both ends: what the counterpart saw is held against what the adapter said.
 *
 * @param setUp called once; everything is disposed of at the end
 */
export function nodeConformance(name: string, setUp: () => Promise<NodeWorld>): void {
  describe(`${name}: the node's contract`, () => {
    let world: NodeWorld | undefined;
    beforeAll(async () => {
      world = await setUp();
    });
    afterAll(() => world?.dispose());
    const get = () => {
      if (world === undefined) throw new Error('The set-up failed.');
      return world;
    };
    conformsAsSeller(get);
    conformsAsWallet(get);
    conformsUnderFaults(get);
    conformsWhenLost(get);
    conformsAtTheEnd(get);
  });
}
