// The devnet's inside, which no package exports: here its nodes must reach a node that is not of the devnet.
export { bitcoinRpc } from '../../../../packages/devnet/dist/chain/rpc.js';
export { type Network, startNetwork } from '../../../../packages/devnet/dist/network.js';
export type { EmbeddedNode } from '../../../../packages/devnet/dist/node/embedded-node.js';
