import {
  callV2,
  hashSchema,
  object,
  ref,
  replyV1,
  replyV2,
  rpcId,
  rpcParams,
  schemas,
} from './openapi-schemas.js';
import { problemMediaType } from './problem.js';

function pathParameter(name: string, schema: object, description: string) {
  return { name, in: 'path', required: true, schema, description };
}

function problems(...statuses: (400 | 404 | 413)[]) {
  const described = {
    400: 'A parameter is malformed.',
    404: 'The node knows no such thing.',
    413: 'The body is too large.',
    502: 'The Bitcoin node failed.',
    503: 'The Bitcoin node is busy or starting.',
    504: 'The Bitcoin node did not answer in time.',
  };
  const content = { [problemMediaType]: { schema: ref('Problem') } };
  return Object.fromEntries(
    [...statuses, 502 as const, 503 as const, 504 as const].map((status) => [
      status,
      { description: described[status], content },
    ]),
  );
}

function get(
  summary: string,
  schema: object,
  parameters: readonly object[] = [],
  refusals: (400 | 404)[] = [],
) {
  return {
    get: {
      summary,
      parameters,
      responses: {
        200: { description: 'OK', content: { 'application/json': { schema } } },
        ...problems(...refusals),
      },
    },
  };
}

function rpc(summary: string, request: object, reply: object, refusals: object) {
  return {
    post: {
      summary,
      requestBody: { required: true, content: { 'application/json': { schema: request } } },
      responses: {
        200: { description: 'The answer of the node.', content: { 'application/json': { schema: reply } } },
        ...problems(413),
        ...refusals,
      },
    },
  };
}

function refusedCall(description: string, schema: object) {
  return { description, content: { 'application/json': { schema } } };
}

const address = pathParameter(
  'address',
  { type: 'string', minLength: 14, maxLength: 90 },
  "An address of the node's network.",
);
const block = pathParameter(
  'block',
  { oneOf: [{ type: 'integer', minimum: 0 }, hashSchema] },
  'A height, or a block hash.',
);
const height = pathParameter('height', { type: 'integer', minimum: 0 }, 'A height of the main chain.');
const txid = pathParameter('txid', hashSchema, 'A transaction id.');
const page = [
  { name: 'offset', in: 'query', schema: { type: 'integer', minimum: 0, default: 0 } },
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 60, default: 60 } },
];

/** The description of the API, OpenAPI 3.1; served at `/openapi.json`. */
export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Bitcoin API',
    version: '1.0.0',
    description: 'A small read-only Bitcoin API over one Bitcoin node. Amounts are whole satoshis.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  paths: {
    '/healthz': get(
      'Whether the API and its node answer',
      object({ status: { const: 'ok' }, height: { type: 'integer' } }),
    ),
    '/openapi.json': {
      get: {
        summary: 'This document',
        responses: { 200: { description: 'OK', content: { 'application/json': {} } } },
      },
    },
    '/v1/bitcoin/price': {
      get: {
        summary: 'The configured price of one bitcoin',
        responses: { 200: { description: 'OK', content: { 'application/json': { schema: ref('Price') } } } },
      },
    },
    '/v1/bitcoin/blocks/tip': get('The current block', ref('BlockAnswer')),
    '/v1/block/current': get('The current block (Xverse path)', ref('BlockAnswer')),
    '/v1/bitcoin/blocks/{block}': get('A block by height or hash', ref('BlockAnswer'), [block], [400, 404]),
    '/v1/block/height/{height}': get(
      'A block by height (Xverse path)',
      ref('BlockAnswer'),
      [height],
      [400, 404],
    ),
    '/v1/bitcoin/transactions/{txid}': get('A transaction', ref('Transaction'), [txid], [400, 404]),
    '/v1/bitcoin/address/{address}/balance': get(
      'The balance of an address',
      ref('Balance'),
      [address],
      [400],
    ),
    '/v1/bitcoin/address/{address}/utxo': get(
      'The confirmed unspent outputs of an address, oldest first',
      ref('UtxoPage'),
      [address, ...page],
      [400],
    ),
    '/v1/bitcoin/fees/estimate': get('Estimated fee rates', ref('FeeEstimate')),
    '/v1/bitcoin/mempool/fee-estimates': get('Estimated fee rates (Xverse path)', ref('FeeEstimate')),
    '/v1/bitcoin/fees/mempool': get('The mempool and its fee rates', ref('MempoolFees')),
    '/v1/bitcoin/rpc': rpc(
      'JSON-RPC 1.0, read-only methods',
      object({ jsonrpc: { type: 'string' }, id: rpcId, method: { type: 'string' }, params: rpcParams }, [
        'jsonrpc',
        'id',
        'params',
      ]),
      replyV1,
      {
        400: refusedCall('The call is malformed, or the node refused it.', replyV1),
        404: refusedCall('The method is not offered, or the node knows no such thing.', replyV1),
      },
    ),
    '/v2/bitcoin/rpc': rpc(
      'JSON-RPC 2.0, read-only methods, one call or a batch of up to 20',
      { oneOf: [callV2, { type: 'array', items: callV2, minItems: 1, maxItems: 20 }] },
      { oneOf: [replyV2, { type: 'array', items: replyV2 }] },
      {
        204: { description: 'Only notifications: there is nothing to answer.' },
        400: refusedCall('The request is malformed.', replyV2),
        404: refusedCall('The method is not offered.', replyV2),
      },
    ),
  },
  components: { schemas },
} as const;
