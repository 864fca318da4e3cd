import { isJsonObject, type JsonObject, type JsonValue } from '@farebox/protocol';
import { BitcoinRpcError } from './chain/rpc-error.js';
import type { Devnet } from './devnet.js';

/** Calls in one batch. */
const batchMax = 100;

/** The HTTP status and body of a JSON-RPC answer. */
export interface JsonRpcAnswer {
  readonly status: number;
  readonly body: JsonValue;
}

const parseError = -32700;
const invalidRequest = -32600;
const methodNotFound = -32601;

/**
 * Answers the text of a JSON-RPC call or batch as Bitcoin Core's server does: version 1.0 has `result` and
 * `error` side by side and an error's HTTP status, version 2.0 has one of them and always 200.
 */
export async function answerJsonRpc(devnet: Devnet, text: string): Promise<JsonRpcAnswer> {
  let call: JsonValue;
  try {
    call = JSON.parse(text);
  } catch {
    return { status: 500, body: legacyError(null, parseError, 'Parse error') };
  }
  if (!Array.isArray(call)) return answerOne(devnet, call);
  if (call.length === 0 || call.length > batchMax) {
    return {
      status: 400,
      body: legacyError(null, invalidRequest, `A batch has from 1 to ${batchMax} calls`),
    };
  }
  const body: JsonValue[] = [];
  for (const one of call) body.push((await answerOne(devnet, one)).body);
  return { status: 200, body };
}

async function answerOne(devnet: Devnet, call: JsonValue): Promise<JsonRpcAnswer> {
  if (!isJsonObject(call))
    return { status: 400, body: legacyError(null, invalidRequest, 'Invalid Request object') };
  const { id = null, method, params } = call;
  const v2 = call.jsonrpc === '2.0';
  const refuse = (code: number, message: string): JsonRpcAnswer =>
    v2
      ? { status: 200, body: { jsonrpc: '2.0', error: { code, message }, id } }
      : { status: legacyStatus(code), body: legacyError(id, code, message) };
  if (typeof method !== 'string') return refuse(invalidRequest, 'Method must be a string');
  if (isJsonObject(params) && Object.keys(params).length > 0) {
    return refuse(-8, 'The devnet takes positional parameters only');
  }
  const positional = Array.isArray(params) ? params : [];
  try {
    const result = await devnet.bitcoinRpc(method, positional);
    return { status: 200, body: v2 ? { jsonrpc: '2.0', result, id } : { result, error: null, id } };
  } catch (error) {
    if (error instanceof BitcoinRpcError) return refuse(error.code, error.message);
    return refuse(-32603, 'The devnet failed');
  }
}

function legacyStatus(code: number): number {
  if (code === methodNotFound) return 404;
  return code === invalidRequest ? 400 : 500;
}

function legacyError(id: JsonValue, code: number, message: string): JsonObject {
  return { result: null, error: { code, message }, id };
}
