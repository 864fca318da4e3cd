const satsSchema = { type: 'integer', description: 'Satoshis.' };
/** A block hash or a transaction id. */
export const hashSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const rateSchema = { type: 'number', description: 'Satoshis per virtual byte.' };

/** An object schema whose properties are all required, but for the `optional` ones. */
export function object(properties: Record<string, unknown>, optional: readonly string[] = []) {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  };
}

/** A reference to one of {@link schemas}. */
export function ref(name: string) {
  return { $ref: `#/components/schemas/${name}` };
}

/** The id of a JSON-RPC call. */
export const rpcId = { type: ['string', 'number', 'null'] };
/** The parameters of a JSON-RPC call, positional or named. */
export const rpcParams = { type: ['array', 'object'], default: [] };
const rpcError = object({ code: { type: 'integer' }, message: { type: 'string' } });
/** A JSON-RPC 2.0 call. */
export const callV2 = object(
  { jsonrpc: { const: '2.0' }, id: rpcId, method: { type: 'string' }, params: rpcParams },
  ['id', 'params'],
);
/** A JSON-RPC 2.0 reply. */
export const replyV2 = object({ jsonrpc: { const: '2.0' }, id: rpcId, result: {}, error: rpcError }, [
  'result',
  'error',
]);
/** A JSON-RPC 1.0 reply. */
export const replyV1 = object({ id: rpcId, result: {}, error: { oneOf: [rpcError, { type: 'null' }] } });

/** The bodies of the answers, by name, as JSON Schema 2020-12. */
export const schemas = {
  Problem: object({
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  }),
  Price: object({
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    rate: { type: 'number', description: 'Units of the currency for one bitcoin.' },
    source: {
      const: 'configured',
      description: 'The figure is configured by the operator; no market is asked.',
    },
  }),
  BlockAnswer: object({
    block: object(
      {
        height: { type: 'integer' },
        hash: hashSchema,
        previousHash: hashSchema,
        timestamp: { type: 'string', format: 'date-time' },
        confirmations: { type: 'integer', description: '-1 for a block outside the main chain.' },
        merkleRoot: hashSchema,
        txCount: { type: 'integer' },
        txids: { type: 'array', items: hashSchema },
      },
      ['previousHash'],
    ),
  }),
  Status: {
    oneOf: [
      object({ confirmed: { const: false } }),
      object({
        confirmed: { const: true },
        blockHeight: { type: 'integer' },
        blockHash: hashSchema,
        blockTime: { type: 'integer', description: 'Unix seconds.' },
      }),
    ],
  },
  Transaction: object(
    {
      txid: hashSchema,
      wtxid: hashSchema,
      version: { type: 'integer' },
      locktime: { type: 'integer' },
      size: { type: 'integer' },
      vsize: { type: 'integer' },
      weight: { type: 'integer' },
      fee: satsSchema,
      vin: {
        type: 'array',
        items: {
          oneOf: [
            object({ coinbase: { type: 'string' }, sequence: { type: 'integer' } }),
            object({ txid: hashSchema, vout: { type: 'integer' }, sequence: { type: 'integer' } }),
          ],
        },
      },
      vout: {
        type: 'array',
        items: object(
          {
            n: { type: 'integer' },
            value: satsSchema,
            scriptPubKey: { type: 'string', description: 'Hexadecimal.' },
            type: { type: 'string' },
            address: { type: 'string' },
          },
          ['address'],
        ),
      },
      status: ref('Status'),
    },
    ['fee'],
  ),
  BalanceSide: object({
    fundedCount: { type: 'integer' },
    fundedSum: satsSchema,
    spentCount: { type: 'integer' },
    spentSum: satsSchema,
    balance: { type: 'integer', description: 'Satoshis: fundedSum - spentSum.' },
  }),
  Balance: object({
    address: { type: 'string' },
    height: { type: 'integer', description: 'The height that confirmed holds for.' },
    basis: {
      const: 'unspent-outputs',
      description: 'An output that a block has spent is counted on neither side.',
    },
    confirmed: ref('BalanceSide'),
    unconfirmed: {
      oneOf: [ref('BalanceSide'), { type: 'null' }],
      description: 'null when the mempool is too large to be read for one answer.',
    },
  }),
  UtxoPage: object({
    hasMore: { type: 'boolean' },
    items: {
      type: 'array',
      items: object({
        txid: hashSchema,
        vout: { type: 'integer' },
        value: satsSchema,
        status: ref('Status'),
      }),
    },
  }),
  FeeEstimate: object({
    currentBlockHeight: { type: 'integer' },
    unit: { const: 'sat/vB' },
    estimates: object({ nextBlock: rateSchema, in2Blocks: rateSchema, in3Blocks: rateSchema }),
    source: {
      enum: ['node-estimate', 'mempool-minimum'],
      description:
        'mempool-minimum: some of the rates are the lowest the mempool takes, for lack of an estimate.',
    },
  }),
  MempoolFees: object({
    currentBlockHeight: { type: 'integer' },
    unit: { const: 'sat/vB' },
    txCount: { type: 'integer' },
    vbytes: { type: 'integer' },
    totalFeesSats: { type: ['integer', 'null'] },
    feeRates: object({ min: rateSchema, relay: rateSchema, avg: { type: ['number', 'null'] } }),
  }),
};
