import { canonicalize, type JsonValue, parseReceipt, problem } from '@farebox/protocol';
import { problemAnswer, unknownOutcome } from '../answer.js';
import { bodyBytesMaxDefault } from '../body.js';
import type { Delivery } from '../delivery.js';
import type { Gate } from '../gate.js';
import { answerToKeep } from '../kept-answer.js';
import type { Terms } from '../terms.js';
import {
  credentialIn,
  McpRefusal,
  type McpRefusalData,
  mcpCodes,
  receiptMetaKey,
  refusalMetaKey,
  refusalOf,
} from './mcp-wire.js';

export {
  credentialMetaKey,
  McpRefusal,
  type McpRefusalData,
  mcpCodes,
  receiptMetaKey,
  refusalMetaKey,
} from './mcp-wire.js';

/** What is used of the second argument of an MCP handler. */
export interface McpExtra {
  /** Aborted when the client gives the call up, or leaves. */
  readonly signal: AbortSignal;
  readonly _meta?: object | undefined;
}

/** What is used of a tool's result. */
export interface ToolResult {
  readonly content?: unknown;
  readonly isError?: boolean | undefined;
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
}

/** A `tools/call` request, as a low-level handler gets it. */
export interface ToolCall {
  readonly params: {
    readonly name: string;
    readonly arguments?: Readonly<Record<string, unknown>> | undefined;
    readonly _meta?: object | undefined;
  };
  /** Where generic JSON-RPC has it (draft-payment-transport-mcp-00 §"Metadata Placement"). */
  readonly _meta?: object | undefined;
}

/** How a tool is protected. */
export interface McpOptions {
  /** Largest arguments, in bytes of canonical JSON. Default 1 MiB. */
  readonly argumentsBytesMax?: number;
  /** Who asks, for the gate's mint budget. Default: nobody in particular. */
  readonly client?: (extra: McpExtra) => string | undefined;
}

/** A tool of `McpServer.registerTool`. */
export interface SoldTool extends McpOptions {
  /** The name it is registered by: payments are bound to it. */
  readonly name: string;
  /** The class of `@modelcontextprotocol/sdk/types.js`: errors of another are not let through. */
  readonly McpError: new (
    code: number,
    message: string,
    data?: unknown,
  ) => Error;
}

/** A refusal that no challenge comes with, as a tool's result: `McpServer` lets only challenges through as errors. */
export interface RefusedToolResult {
  readonly [member: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError: true;
  _meta: Record<typeof refusalMetaKey, McpRefusalData>;
}

/**
 * Sells a tool of the official SDK's low-level server: a handler for `tools/call`, in the transport of
 * draft-payment-transport-mcp-00. Challenges are in the data of error -32042, the credential in `_meta`, the receipt in the
 * result's `_meta`. A payment is bound to the tool's name and its arguments in canonical form.
 *
 * The handler runs for a paid call only. A result with `isError` is not charged for and leaves a credit, and so does an
 * error that is thrown, but on a `once` tool: there the outcome is unknown. What is no object, or cannot be written as
 * JSON, is like an error that is thrown. A handler is not told whether its result has
 * reached the client, so a result counts as having left completely when it is handed to the server and the call has not
 * been given up by then.
 *
 * Rejects with {@link McpRefusal}, and with what the handler throws.
 */
export function sellToolCall<Extra extends McpExtra, Result extends ToolResult>(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  handler: (call: ToolCall, extra: Extra) => Result | Promise<Result>,
  options: McpOptions = {},
): (call: ToolCall, extra: Extra) => Promise<Result> {
  return async function sellCall(call, extra) {
    const { name, arguments: given, _meta } = call.params;
    const credential = credentialIn(_meta) ?? credentialIn(call._meta);
    return sell(gate, terms, { name, given, credential, extra, options }, async () => handler(call, extra));
  };
}

/**
 * Sells a tool of the official SDK's `McpServer`: `server.registerTool('joke', config, sellTool(gate, terms, tool, handler))`.
 * It promises what {@link sellToolCall} does, with two differences that `McpServer` makes: every refusal that can be paid is
 * error -32042, because no other leaves it, with `data.failure` where a payment was refused; and one that cannot be paid is a
 * result with `isError`, whose `_meta` has the problem. A result that does not match the tool's `outputSchema` is found out
 * only when it has been sold: see to it in the handler.
 *
 * @example
 * ```ts
 * import { createGate } from '@farebox/gate';
 * import { sellTool } from '@farebox/gate/mcp';
 * import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
 * import { McpError } from '@modelcontextprotocol/sdk/types.js';
 *
 * declare const gate: ReturnType<typeof createGate>;
 * const price = { amount: 1n, currency: 'sat' };
 * const terms = { route: 'tool joke', effect: 'safe', offers: [{ method: 'lightning', intent: 'charge', price }] } as const;
 * const server = new McpServer({ name: 'jokes', version: '1.0.0' });
 * const joke = sellTool(gate, terms, { name: 'joke', McpError }, () => ({
 *   content: [{ type: 'text' as const, text: 'Knock, knock.' }],
 * }));
 * server.registerTool('joke', { description: 'A joke for one satoshi.' }, joke);
 * ```
 */
export function sellTool<Given extends readonly unknown[], Result extends ToolResult>(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  tool: SoldTool,
  handler: (...given: Given) => Result | Promise<Result>,
): (...given: Given) => Promise<Result | RefusedToolResult> {
  const { name, McpError } = tool;
  return async function sellRegistered(...given) {
    // The SDK gives the arguments and the extra, or the extra alone to a tool without an input schema.
    const extra = given.at(-1) as McpExtra;
    const call = {
      name,
      given: given.length < 2 ? undefined : given[0],
      credential: credentialIn(extra._meta),
      extra,
      options: tool,
    };
    try {
      return await sell(gate, terms, call, async () => handler(...given));
    } catch (error) {
      if (!(error instanceof McpRefusal)) throw error;
      const { data, message } = error;
      if (data.challenges !== undefined) throw new McpError(mcpCodes.paymentRequired, message, data);
      return { content: [{ type: 'text', text: message }], isError: true, _meta: { [refusalMetaKey]: data } };
    }
  };
}

/** What an MCP server says in `capabilities.experimental` (draft-payment-transport-mcp-00 §"MCP Capability Advertisement"). */
export function paymentCapability(...sold: readonly Terms[]): {
  payment: { methods: Record<string, { intents: string[] }> };
} {
  const methods: Record<string, { intents: string[] }> = {};
  for (const { method, intent } of sold.flatMap((terms) => terms.offers)) {
    const intents = methods[method]?.intents ?? [];
    methods[method] = { intents: intents.includes(intent) ? intents : [...intents, intent] };
  }
  return { payment: { methods } };
}

interface SoldCall {
  readonly name: string;
  readonly given: unknown;
  readonly credential: string | undefined;
  readonly extra: McpExtra;
  readonly options: McpOptions;
}

async function sell<Result extends ToolResult>(
  gate: Pick<Gate, 'admit'>,
  terms: Terms,
  { name, given, credential, extra, options }: SoldCall,
  run: () => Promise<Result>,
): Promise<Result> {
  const body = canonicalBytes(given);
  if (body === undefined || body.length > (options.argumentsBytesMax ?? bodyBytesMaxDefault))
    throw refusalOf(
      problemAnswer(
        problem('body-too-large', { detail: 'The arguments are too large or too deep; send less.' }),
      ),
    );
  const admission = await gate.admit(
    {
      method: 'tools/call',
      path: `/${encodeURIComponent(name)}`,
      query: '',
      credentials: credential === undefined ? [] : [credential],
      body,
      client: options.client?.(extra),
    },
    terms,
  );
  if (admission.kind === 'refused') throw refusalOf(admission.answer);
  const { delivery } = admission;
  if (admission.kind === 'replayed') {
    // What is kept is the JSON of a result of this very tool.
    const kept: Result = JSON.parse(admission.answer.body.toString());
    return left(delivery, extra, kept, admission.answer.headers);
  }
  if (extra.signal.aborted) {
    // Given up while the ledger was asked. The handler was not called, so even a `once` claim is given back.
    await delivery.release();
    throw refusalOf(
      problemAnswer(problem('bad-request', { detail: 'The call was given up before it began.' })),
    );
  }
  return deliver(terms, delivery, extra, run);
}

async function deliver<Result extends ToolResult>(
  terms: Terms,
  delivery: Delivery,
  extra: McpExtra,
  run: () => Promise<Result>,
): Promise<Result> {
  let result: Result;
  let text: string;
  try {
    result = await run();
    // Before the commit: what cannot be sent must not be sold.
    text = writtenResult(result);
  } catch (error) {
    if (terms.effect === 'once') {
      delivery.cut(true);
      throw refusalOf(unknownOutcome('broken', delivery.challengeId));
    }
    await delivery.release();
    throw error;
  }
  if (result.isError === true) {
    await delivery.release();
    return withoutReceipt(result);
  }
  if (extra.signal.aborted && !delivery.keepsAnswer) {
    // Nobody is there to be charged.
    delivery.cut();
    return result;
  }
  const kept = delivery.keepsAnswer
    ? answerToKeep(200, ['Content-Type', 'application/json'], [Buffer.from(text)])
    : undefined;
  const outcome = await delivery.commit(200, kept);
  if (!outcome.ok) throw refusalOf(outcome.answer);
  return left(delivery, extra, result, outcome.headers);
}

/**
 * A result as it leaves.
 *
 * @throws TypeError when JSON cannot say it, or when it is no object
 */
function writtenResult(result: ToolResult): string {
  const text: string | undefined = JSON.stringify(result);
  if (text?.startsWith('{') === true) return text;
  throw new TypeError('The tool gave no result, so nothing was charged; a result is an object with content.');
}

/** A result that is not charged for: a receipt of the tool's own would say that it was. */
function withoutReceipt<Result extends ToolResult>(result: Result): Result {
  const { [receiptMetaKey]: forged, ...meta } = result._meta ?? {};
  return forged === undefined ? result : { ...result, _meta: meta };
}

/** The result with its receipt, on its way to the client. */
function left<Result extends ToolResult>(
  delivery: Delivery,
  extra: McpExtra,
  result: Result,
  headers: readonly string[],
): Result {
  if (extra.signal.aborted) delivery.cut();
  else delivery.answered();
  const receipt = parseReceipt(headers[headers.indexOf('Payment-Receipt') + 1] ?? '');
  if (!receipt.ok) throw new Error('The gate wrote a receipt that it cannot read.');
  return { ...result, _meta: { ...result._meta, [receiptMetaKey]: receipt.value } };
}

/** Arguments in canonical form; undefined when they have none. What JSON leaves out, such as `undefined`, is left out. */
function canonicalBytes(given: unknown): Buffer | undefined {
  try {
    const plain: JsonValue = JSON.parse(JSON.stringify(given ?? {}));
    return Buffer.from(canonicalize(plain));
  } catch {
    return undefined;
  }
}
