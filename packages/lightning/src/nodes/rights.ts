/** What a credential of a node may allow, in words that fit every node. */
export type NodeRight =
  /** Ask who the node is. */
  | 'info'
  /** Make and cancel invoices. */
  | 'invoice'
  /** Look invoices up. */
  | 'lookup'
  /** Pay over Lightning. */
  | 'pay'
  /** Find out what became of a payment. */
  | 'track'
  /** Read the channels' balance. */
  | 'balance'
  /** Spend coins on chain, or open and close channels. */
  | 'onchain'
  /** Make credentials, sign messages, stop the node: everything else. */
  | 'administer';

/** Whether a credential holds a right, and the node's own word for it, such as `offchain:write`. */
export interface HeldRight {
  readonly right: NodeRight;
  readonly held: boolean;
  readonly word: string;
}

/** An adapter that can tell what its credential allows, without trying it. */
export interface RightsSource {
  /**
   * Rights that are not listed are not known. Undefined when nothing can be told.
   *
   * @throws NodeError
   */
  rights(): Promise<readonly HeldRight[] | undefined>;
}

/** True where an adapter can tell what its credential allows. */
export function tellsRights(node: object): node is RightsSource {
  return 'rights' in node && typeof node.rights === 'function';
}
