export { BitcoinRpcError } from './chain/rpc-error.js';
export { type ConnectOptions, connectDevnet } from './client.js';
export { type Devnet, type DevnetOptions, startDevnet } from './devnet.js';
export {
  type DevnetFile,
  fareboxHome,
  readDevnetFile,
  readLastDevnetFile,
  removeDevnetFile,
  type TempoPlace,
  writeDevnetFile,
} from './devnet-file.js';
export type { DevnetNode, DevnetRole, HoldRequest } from './devnet-node.js';
export { type DevnetServer, type ServeOptions, serveDevnet } from './server.js';
export { devnetCapabilities } from './worker-node.js';
