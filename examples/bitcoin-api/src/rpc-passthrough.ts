import { LosslessNumber, parse, stringify } from 'lossless-json';
import { z } from 'zod';
import { eachBounded } from './each-bounded.js';
import { nodeRefusalCodes } from './node-reader.js';
import type { NodeAnswer, RpcClient } from './rpc-client.js';
import { readOnlyMethods } from './rpc-methods.js';

const batchCallsMax = 20;

/** What the passthrough answers: a status code and a JSON text; 204 has none. */
export type RpcReply = { status: 200 | 400 | 404 | 500 | 503; body: string } | { status: 204 };

const id = z.union([z.string(), z.instanceof(LosslessNumber), z.null()]);
const params = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).default([]);
const callV1 = z.object({ id: id.default(null), method: z.string(), params });
const callV2 = z.object({ jsonrpc: z.literal('2.0'), id: id.optional(), method: z.string(), params });

const parseError: NodeAnswer = {
  ok: false,
  refusal: { code: -32700, message: 'Parse error: the body is not JSON' },
};
const unlisted: NodeAnswer = {
  ok: false,
  refusal: {
    code: nodeRefusalCodes.methodNotFound,
    message: 'Method not found, or not one of the read-only methods offered here',
  },
};

/**
 * Passes one JSON-RPC 1.0 call (`{"id":…,"method":…,"params":[…]}`) to the node, and its answer back, every number as the node wrote it.
 *
 * As in Bitcoin Core, the status code tells an error from a result; unlike it, the caller's errors are 4xx, so that one who pays
 * for each answer is not charged for them.
 *
 * @param text the body of the request
 * @throws RpcFailure when the node gave no usable answer
 */
export async function passV1(rpc: RpcClient, text: string): Promise<RpcReply> {
  const json = readJson(text);
  if (json === undefined) return replyV1(null, parseError);
  const call = callV1.safeParse(json.value);
  if (!call.success)
    return replyV1(null, invalid('A JSON-RPC 1.0 request is one object with id, method and params'));
  const { method } = call.data;
  const answer = readOnlyMethods.has(method) ? await rpc.call(method, call.data.params) : unlisted;
  return replyV1(call.data.id, answer);
}

/**
 * Passes JSON-RPC 2.0 calls to the node: one object, or an array of up to 20.
 *
 * Status codes as in Bitcoin Core's own 2.0 mode: an answer of the node is 200, result or error. A request that never reached the node
 * (no JSON, no valid request, a single method that is not offered) is 400 or 404. A notification asks for no answer and gets 204.
 *
 * @param text the body of the request
 * @throws RpcFailure when the node gave no usable answer
 */
export async function passV2(rpc: RpcClient, text: string): Promise<RpcReply> {
  const json = readJson(text);
  if (json === undefined) return { status: 400, body: write(envelopeV2(null, parseError)) };
  if (!Array.isArray(json.value)) return passSingleV2(rpc, json.value);
  if (json.value.length === 0 || json.value.length > batchCallsMax) {
    return {
      status: 400,
      body: write(envelopeV2(null, invalid(`A batch holds 1 to ${batchCallsMax} requests`))),
    };
  }
  const replies = await eachBounded(json.value, (value: unknown) => answerV2(rpc, value));
  const bodies = replies.map(({ body }) => body).filter((body) => body !== undefined);
  return bodies.length === 0 ? { status: 204 } : { status: 200, body: write(bodies) };
}

async function passSingleV2(rpc: RpcClient, value: unknown): Promise<RpcReply> {
  const { body, reached, code } = await answerV2(rpc, value);
  if (body === undefined) return { status: 204 };
  if (reached) return { status: 200, body: write(body) };
  return { status: code === nodeRefusalCodes.methodNotFound ? 404 : 400, body: write(body) };
}

async function answerV2(
  rpc: RpcClient,
  value: unknown,
): Promise<{ body?: object; reached: boolean; code?: number }> {
  const call = callV2.safeParse(value);
  if (!call.success) {
    const refused = invalid('A JSON-RPC 2.0 request is an object with jsonrpc "2.0", method, params and id');
    return { body: envelopeV2(null, refused), reached: false };
  }
  const { id: callId, method } = call.data;
  // Nothing offered here has an effect, so a notification is done without asking the node.
  if (callId === undefined) return { reached: false };
  if (!readOnlyMethods.has(method)) {
    return { body: envelopeV2(callId, unlisted), reached: false, code: nodeRefusalCodes.methodNotFound };
  }
  return { body: envelopeV2(callId, await rpc.call(method, call.data.params)), reached: true };
}

function replyV1(callId: z.output<typeof id>, answer: NodeAnswer): RpcReply {
  const body = answer.ok
    ? write({ result: answer.result, error: null, id: callId })
    : write({ result: null, error: answer.refusal, id: callId });
  return { status: answer.ok ? 200 : statusV1(answer.refusal.code), body };
}

function statusV1(code: number): 400 | 404 | 500 | 503 {
  switch (code) {
    case nodeRefusalCodes.methodNotFound:
    case nodeRefusalCodes.invalidAddressOrKey:
      return 404;
    case nodeRefusalCodes.inWarmup:
      return 503;
    case nodeRefusalCodes.internal:
      return 500;
    default:
      return 400;
  }
}

function envelopeV2(callId: z.output<typeof id>, answer: NodeAnswer): object {
  return answer.ok
    ? { jsonrpc: '2.0', result: answer.result, id: callId }
    : { jsonrpc: '2.0', error: answer.refusal, id: callId };
}

function invalid(message: string): NodeAnswer {
  return { ok: false, refusal: { code: -32600, message } };
}

function readJson(text: string): { value: unknown } | undefined {
  try {
    return { value: parse(text) };
  } catch {
    // Bad JSON, or JSON nested deeper than the stack: both are the caller's.
    return undefined;
  }
}

function write(value: unknown): string {
  const text = stringify(value);
  if (text === undefined) throw new TypeError('A JSON-RPC reply must be JSON.');
  return text;
}
