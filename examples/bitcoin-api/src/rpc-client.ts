import { LosslessNumber, parse, stringify } from 'lossless-json';
import { z } from 'zod';
import { authorizationOf, type RpcCredentials } from './rpc-credentials.js';

const answerBytesMax = 8 * 1024 * 1024;
const callLifeMs = 10_000;

/** Where Bitcoin Core's JSON-RPC listens, and how to prove who is asking. */
export interface RpcOptions extends RpcCredentials {
  /** An `http:` or `https:` URL. Credentials inside the URL (`http://user:password@host`) are used when none are given beside it. */
  url: string;
}

/** What the node said no with (`code` and `message` of a JSON-RPC error). */
export interface NodeRefusal {
  code: number;
  message: string;
}

/** A JSON-RPC answer of the node. `result` keeps every number as text: a `LosslessNumber` of the lossless-json package. */
export type NodeAnswer = { ok: true; result: unknown } | { ok: false; refusal: NodeRefusal };

/** Speaks JSON-RPC to one Bitcoin node. */
export interface RpcClient {
  /**
   * Calls one method.
   *
   * @param params positional (array) or named (object) parameters
   * @param lifeMs gives up after this time; 10 s unless said
   * @throws RpcFailure when the node gave no usable answer
   */
  call(method: string, params: unknown, lifeMs?: number): Promise<NodeAnswer>;
}

/** Why the node gave no usable answer. */
export type RpcFailureCode =
  | 'node-unreachable'
  | 'node-timeout'
  | 'node-refused-credentials'
  | 'node-busy'
  | 'node-answer-too-large'
  | 'node-answer-malformed';

const sentences: Record<RpcFailureCode, string> = {
  'node-unreachable': 'The Bitcoin node cannot be reached; try again later.',
  'node-timeout': 'The Bitcoin node did not answer in time; try again later.',
  'node-refused-credentials':
    "The Bitcoin node refused this API's own credentials; its operator must correct them.",
  'node-busy': 'The Bitcoin node has too many calls waiting; try again later.',
  'node-answer-too-large': `The Bitcoin node's answer is larger than ${answerBytesMax} bytes; ask for less.`,
  'node-answer-malformed': 'The Bitcoin node gave an answer that this API does not understand.',
};

/** The node gave no usable answer. The message holds neither URL nor credentials. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly code: RpcFailureCode;

  constructor(code: RpcFailureCode, cause?: unknown) {
    super(sentences[code], cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const envelope = z.object({
  result: z.unknown(),
  error: z
    .object({
      code: z.instanceof(LosslessNumber).transform((code) => Number(code.value)),
      message: z.string(),
    })
    .nullish(),
});

/**
 * Makes a client for one node.
 *
 * @throws TypeError when `url` is no http or https URL
 */
export function createRpcClient(options: RpcOptions): RpcClient {
  const { url, credentials } = readOptions(options);
  let calls = 0;
  return {
    async call(method, params, lifeMs = callLifeMs) {
      calls += 1;
      // The 1.0 form: every version of Bitcoin Core speaks it.
      const body = stringify({ jsonrpc: '1.0', id: calls, method, params });
      if (body === undefined) throw new TypeError('The parameters of an RPC call must be JSON.');
      const authorization = await authorizationOf(credentials);
      const text = await post(url, body, authorization, AbortSignal.timeout(lifeMs));
      return readAnswer(text);
    },
  };
}

function readOptions(options: RpcOptions): { url: string; credentials: RpcCredentials } {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // The text is not repeated here: it may hold a password.
    throw new TypeError('The URL of the Bitcoin node must begin with http:// or https://.');
  }
  const inUrl = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  const given = options.token ?? options.cookieFile ?? options.password;
  return { url: url.href, credentials: given === undefined && inUrl.password !== '' ? inUrl : options };
}

async function post(
  url: string,
  body: string,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (authorization !== undefined) headers.authorization = authorization;
  try {
    // A node never redirects; following one would carry the credentials elsewhere.
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const text = await readBounded(response);
    if (response.status === 401 || response.status === 403) throw new RpcFailure('node-refused-credentials');
    if (response.status === 503) throw new RpcFailure('node-busy');
    return text;
  } catch (error) {
    if (error instanceof RpcFailure) throw error;
    throw new RpcFailure(signal.aborted ? 'node-timeout' : 'node-unreachable', error);
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.body !== null) {
    // Leaving the loop early cancels the body, so the rest is never read.
    for await (const chunk of response.body) {
      bytes += chunk.byteLength;
      if (bytes > answerBytesMax) throw new RpcFailure('node-answer-too-large');
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

function readAnswer(text: string): NodeAnswer {
  let json: unknown;
  try {
    json = parse(text);
  } catch {
    // The cause is dropped: it quotes the node's text.
    throw new RpcFailure('node-answer-malformed');
  }
  const answer = envelope.safeParse(json);
  if (!answer.success) throw new RpcFailure('node-answer-malformed');
  const { error, result } = answer.data;
  if (error !== null && error !== undefined) return { ok: false, refusal: error };
  if (result === undefined) throw new RpcFailure('node-answer-malformed');
  return { ok: true, result };
}
