import * as http from 'node:http';
import * as https from 'node:https';
import { cleanReason, type TempoRpc, TempoRpcError } from './rpc.js';

/** Most bytes of one answer. A receipt with a hundred logs has 50 kB. */
export const rpcAnswerBytesMax = 4 * 1024 * 1024;
/** Most connections to the node at once; further calls wait. */
export const rpcConnectionsMax = 64;

/** What an HTTP connection to a node needs. */
export interface HttpRpcOptions {
  /** http: or https:. May hold a key in its path, query or user part, so it is never shown. */
  readonly url: string;
  /** More request headers, such as an authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads the `result` of an answer, or says what the node refused. */
function readAnswer(text: string, id: number): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new TempoRpcError('rpc_malformed', 'The Tempo node answered something that is no JSON');
  }
  if (typeof answer !== 'object' || answer === null || !('id' in answer) || answer.id !== id) {
    throw new TempoRpcError('rpc_malformed', 'The Tempo node answered something that is no JSON-RPC');
  }
  if ('error' in answer && typeof answer.error === 'object' && answer.error !== null) {
    const { error } = answer;
    const rpcCode = 'code' in error && typeof error.code === 'number' ? error.code : -32603;
    const reason = cleanReason('message' in error ? error.message : '');
    throw new TempoRpcError('rpc_refused', `The Tempo node refused (${rpcCode}): ${reason}`, {
      rpcCode,
      reason,
    });
  }
  if (!('result' in answer)) {
    throw new TempoRpcError('rpc_malformed', 'The Tempo node answered without a result');
  }
  return answer.result;
}

/** Sends a body and reads the whole answer, within the time; HTTP's own faults are refused here. */
function exchange(outgoing: http.ClientRequest, body: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (error: TempoRpcError) => {
      clearTimeout(timer);
      reject(error);
      outgoing.destroy();
    };
    const late = `The Tempo node did not answer within ${timeoutMs} ms`;
    const timer = setTimeout(() => fail(new TempoRpcError('rpc_timeout', late)), timeoutMs);
    const lost = () =>
      fail(
        new TempoRpcError('rpc_unreachable', 'The Tempo node cannot be reached, or the connection was lost'),
      );
    outgoing.once('error', lost);
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes <= rpcAnswerBytesMax) return;
        const long = `The Tempo node's answer is longer than ${rpcAnswerBytesMax} bytes`;
        fail(new TempoRpcError('rpc_malformed', long));
      });
      response.once('aborted', lost);
      response.once('error', lost);
      response.once('end', () => {
        if (!response.complete) return lost();
        clearTimeout(timer);
        if (response.statusCode === 200) return resolve(Buffer.concat(chunks).toString('utf8'));
        const why = `The Tempo node answered with HTTP status ${response.statusCode}`;
        return reject(new TempoRpcError('rpc_malformed', why));
      });
    });
    outgoing.end(body);
  });
}

/**
 * A node's JSON-RPC over HTTP, with connections that are kept. By hand and not with `fetch`: it stands on the path of
 * every paid request, and the time-out must cover the whole exchange.
 *
 * @throws TypeError when the address is not http: or https:.
 *
 * @example
 * ```ts
 * import { httpRpc } from '@farebox/tempo';
 * const rpc = httpRpc({ url: 'http://127.0.0.1:8545' });
 * console.log(await rpc.request('eth_chainId', [], 1_000));
 * rpc.close();
 * ```
 */
export function httpRpc(options: HttpRpcOptions): TempoRpc {
  const url = new URL(options.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError('The address of a Tempo node must begin with http:// or https://');
  }
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: rpcConnectionsMax };
  const agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  const send = secure ? https.request : http.request;
  let lastId = 0;
  return {
    async request(method, params, timeoutMs) {
      const id = ++lastId;
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      const headers = {
        ...options.headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      return readAnswer(await exchange(send(url, { method: 'POST', agent, headers }), body, timeoutMs), id);
    },
    close: () => agent.destroy(),
  };
}
