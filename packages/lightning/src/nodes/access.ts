import type { LightningNetwork } from '../node.js';
import type { NodePlace } from './http/address.js';

/** What every adapter that speaks HTTP is given beside its credential. */
export interface NodeAccess extends Omit<NodePlace, 'name'> {
  /** The network that the node must be on; what it says itself when left out. */
  readonly network?: LightningNetwork;
  /** How long an answer that moves no money may take, milliseconds; 15 seconds when left out. */
  readonly answerMs?: number;
  /** Now, milliseconds since the epoch; `Date.now` when left out. */
  readonly now?: () => number;
}
