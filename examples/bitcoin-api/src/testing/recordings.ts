/** What Bitcoin Core answers, by method and parameters: a result as raw JSON text, or an error with its HTTP status. */
export type Recording = { result: string } | { status: number; error: { code: number; message: string } };

/** Block 170 of the main network, the tip of the recorded chain. */
export const tip = {
  hash: '00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee',
  previousHash: '000000002a22cfee1f2c846adbd12b3e183d4f97683f85dad08a79780a84bd55',
  merkleRoot: '7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff',
  time: 1231731025,
};

/** Block 0 of the main network. */
export const genesis = {
  hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  txid: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  time: 1231006505,
};

/** The coinbase of block 170. */
export const coinbaseTxid = 'b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082';

/** The first payment from one person to another, in block 170. */
export const paymentTxid = 'f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16';

/** The P2WPKH address of BIP 173's examples. */
export const address = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';

const script = '0014751e76e8199196d454941c45d1b3a323f1433bd6';
const otherScript = `0014${'ab'.repeat(20)}`;

/** Transactions of the address: three unspent outputs in the chain, two transactions in the mempool, one just gone from it. */
export const own = {
  first: '11'.repeat(32),
  second: '22'.repeat(32),
  third: '33'.repeat(32),
  spending: '44'.repeat(32),
  sweeping: '55'.repeat(32),
  gone: '66'.repeat(32),
};

function header(block: { hash: string; time: number }, height: number): string {
  return `{"hash":"${block.hash}","confirmations":${171 - height},"height":${height},"time":${block.time},"nTx":${height === 0 ? 1 : 2},"difficulty":1}`;
}

function block(
  hash: string,
  height: number,
  time: number,
  merkleRoot: string,
  txids: string[],
  previous?: string,
): string {
  const previousMember = previous === undefined ? '' : `"previousblockhash":"${previous}",`;
  return `{"hash":"${hash}","confirmations":${171 - height},"height":${height},"version":1,"versionHex":"00000001","merkleroot":"${merkleRoot}","time":${time},"mediantime":${time},"nonce":1889418792,"bits":"1d00ffff","difficulty":1,"chainwork":"00","nTx":${txids.length},${previousMember}"strippedsize":490,"size":490,"weight":1960,"tx":${JSON.stringify(txids)}}`;
}

function mempoolTransaction(
  txid: string,
  vin: { txid: string; vout: number }[],
  vout: [string, string][],
): string {
  const inputs = vin.map((input) => ({ ...input, scriptSig: { asm: '', hex: '' }, sequence: 4294967293 }));
  const outputs = vout.map(
    ([value, hex], n) =>
      `{"value":${value},"n":${n},"scriptPubKey":{"asm":"","hex":"${hex}","type":"witness_v0_keyhash"}}`,
  );
  return `{"txid":"${txid}","hash":"${txid}","version":2,"size":222,"vsize":141,"weight":561,"locktime":0,"vin":${JSON.stringify(inputs)},"vout":[${outputs.join(',')}],"hex":"00"}`;
}

const payment = `{"txid":"${paymentTxid}","hash":"${paymentTxid}","version":1,"size":275,"vsize":275,"weight":1100,"locktime":0,"fee":0.00000000,"vin":[{"txid":"0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9","vout":0,"scriptSig":{"asm":"","hex":""},"sequence":4294967295}],"vout":[{"value":10.00000000,"n":0,"scriptPubKey":{"asm":"","hex":"4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac","type":"pubkey"}},{"value":40.00000000,"n":1,"scriptPubKey":{"asm":"","hex":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","type":"pubkey"}}],"hex":"00","blockhash":"${tip.hash}","confirmations":1,"time":${tip.time},"blocktime":${tip.time}}`;

const coinbase = `{"txid":"${coinbaseTxid}","hash":"${coinbaseTxid}","version":1,"size":134,"vsize":134,"weight":536,"locktime":0,"vin":[{"coinbase":"04ffff001d0102","sequence":4294967295}],"vout":[{"value":50.00000000,"n":0,"scriptPubKey":{"asm":"","hex":"4104d4","type":"pubkey"}}],"hex":"00","blockhash":"${tip.hash}","confirmations":1,"time":${tip.time},"blocktime":${tip.time}}`;

const unspents = [
  `{"txid":"${own.third}","vout":0,"scriptPubKey":"${script}","desc":"addr(${address})","amount":0.10000000,"coinbase":false,"height":170}`,
  `{"txid":"${own.first}","vout":1,"scriptPubKey":"${script}","desc":"addr(${address})","amount":0.29000000,"coinbase":false,"height":0}`,
  `{"txid":"${own.second}","vout":0,"scriptPubKey":"${script}","desc":"addr(${address})","amount":1e-8,"coinbase":false,"height":170}`,
];

function unknown(code: number, message: string): Recording {
  return { status: 500, error: { code, message } };
}

/** Blocks and transactions of the main network as Bitcoin Core 27 answers for them; the address and mempool are made up in its form. */
export const recordings: Record<string, Recording> = {
  'getblockcount []': { result: '170' },
  'getbestblockhash []': { result: `"${tip.hash}"` },
  'getblockhash [0]': { result: `"${genesis.hash}"` },
  'getblockhash [170]': { result: `"${tip.hash}"` },
  'getblockhash [171]': unknown(-8, 'Block height out of range'),
  [`getblockheader ["${genesis.hash}",true]`]: { result: header(genesis, 0) },
  [`getblockheader ["${tip.hash}",true]`]: { result: header(tip, 170) },
  [`getblock ["${genesis.hash}",1]`]: {
    result: block(genesis.hash, 0, genesis.time, genesis.txid, [genesis.txid]),
  },
  [`getblock ["${tip.hash}",1]`]: {
    result: block(tip.hash, 170, tip.time, tip.merkleRoot, [coinbaseTxid, paymentTxid], tip.previousHash),
  },
  [`getblock ["${'0'.repeat(64)}",1]`]: unknown(-5, 'Block not found'),
  [`getrawtransaction ["${paymentTxid}",2]`]: { result: payment },
  [`getrawtransaction ["${coinbaseTxid}",2]`]: { result: coinbase },
  [`getrawtransaction ["${'0'.repeat(64)}",2]`]: unknown(-5, 'No such mempool or blockchain transaction.'),
  [`getrawtransaction ["${own.spending}",2]`]: {
    result: mempoolTransaction(
      own.spending,
      [{ txid: own.first, vout: 1 }],
      [
        ['0.10000000', script],
        ['0.18990000', otherScript],
      ],
    ),
  },
  [`getrawtransaction ["${own.sweeping}",2]`]: {
    result: mempoolTransaction(
      own.sweeping,
      [{ txid: own.spending, vout: 0 }],
      [['0.09990000', otherScript]],
    ),
  },
  [`getrawtransaction ["${own.gone}",2]`]: unknown(-5, 'No such mempool transaction.'),
  'getrawmempool []': { result: JSON.stringify([own.spending, own.gone, own.sweeping]) },
  [`validateaddress ["${address}"]`]: {
    result: `{"isvalid":true,"address":"${address}","scriptPubKey":"${script}","isscript":false,"iswitness":true,"witness_version":0,"witness_program":"751e76e8199196d454941c45d1b3a323f1433bd6"}`,
  },
  'validateaddress ["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"]': {
    result:
      '{"isvalid":false,"error_locations":[],"error":"Invalid or unsupported Segwit (Bech32) or Base58 encoding."}',
  },
  [`scantxoutset ["start",["addr(${address})"]]`]: {
    result: `{"success":true,"txouts":171,"height":170,"bestblock":"${tip.hash}","unspents":[${unspents.join(',')}],"total_amount":0.39000001}`,
  },
  'estimatesmartfee [1]': { result: '{"feerate":0.00012345,"blocks":2}' },
  'estimatesmartfee [2]': { result: '{"feerate":0.00010000,"blocks":2}' },
  'estimatesmartfee [3]': { result: '{"errors":["Insufficient data or no feerate found"],"blocks":3}' },
  'getmempoolinfo []': {
    result:
      '{"loaded":true,"size":2,"bytes":282,"usage":2000,"total_fee":0.00020000,"maxmempool":300000000,"mempoolminfee":0.00001000,"minrelaytxfee":0.00001000,"incrementalrelayfee":0.00001000,"unbroadcastcount":0,"fullrbf":false}',
  },
  'getdifficulty []': { result: '108105433845147.20000000' },
};
