import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Anvil } from './anvil.js';
import { isRpcCall, type RpcAnswer } from './json-rpc.js';
import { answerAsNode } from './node-like.js';

/** Most bytes of one HTTP request. */
export const shimBodyBytesMax = 4 * 1024 * 1024;

/** The JSON-RPC that the devnet shows, in front of the chain's own. Its address stays when the chain restarts. */
export interface Shim {
  readonly url: string;
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > shimBodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function answerOne(anvil: Anvil, call: unknown): Promise<object> {
  const answer: RpcAnswer = isRpcCall(call)
    ? await answerAsNode(anvil, call.method, call.params)
    : { error: { code: -32600, message: 'Invalid request' } };
  return { jsonrpc: '2.0', id: isRpcCall(call) ? (call.id ?? null) : null, ...answer };
}

async function serve(
  currentAnvil: () => Anvil | undefined,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const body = await readBody(request);
  const anvil = currentAnvil();
  // A node that is down answers nothing.
  if (anvil === undefined || body === undefined) {
    request.socket.destroy();
    return;
  }
  let calls: unknown;
  try {
    calls = JSON.parse(body);
  } catch {
    calls = undefined;
  }
  const answer = Array.isArray(calls)
    ? await Promise.all(calls.map((call) => answerOne(anvil, call)))
    : await answerOne(anvil, calls);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}

/** Starts the shim on a port of the loopback address; 0 takes a free one. `currentAnvil` gives undefined while the chain is stopped. */
export async function startShim(currentAnvil: () => Anvil | undefined, port: number): Promise<Shim> {
  const server: Server = createServer((request, response) => {
    // A chain that ends in the middle of a call: the connection is lost, as it would be.
    serve(currentAnvil, request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // An address of a TCP server is never a path.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
