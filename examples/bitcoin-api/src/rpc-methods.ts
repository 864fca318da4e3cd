/**
 * The methods that the JSON-RPC passthrough lets through: they read the chain and the mempool, cost the node little, and tell nothing
 * about the node itself. Left out on purpose: whatever writes or spends; `getnetworkinfo` and `getpeerinfo`, which tell the node's own
 * addresses and peers; `scantxoutset` and `gettxoutsetinfo`, which keep the node busy for minutes (the address endpoints scan in turn).
 */
export const readOnlyMethods: ReadonlySet<string> = new Set([
  'decoderawtransaction',
  'decodescript',
  'estimatesmartfee',
  'getbestblockhash',
  'getblock',
  'getblockchaininfo',
  'getblockcount',
  'getblockfilter',
  'getblockhash',
  'getblockheader',
  'getblockstats',
  'getchaintips',
  'getchaintxstats',
  'getdeploymentinfo',
  'getdifficulty',
  'getmempoolancestors',
  'getmempooldescendants',
  'getmempoolentry',
  'getmempoolinfo',
  'getrawmempool',
  'getrawtransaction',
  'gettxout',
  'gettxoutproof',
  'gettxspendingprevout',
  'validateaddress',
  'verifytxoutproof',
]);
