import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeError } from '@farebox/lightning';
import { type JsonValue, parseJsonObject } from '@farebox/protocol';
import type { Devnet } from './devnet.js';
import type { DevnetNode } from './devnet-node.js';
import { answerJsonRpc } from './json-rpc.js';
import type { NodeCalls } from './messages.js';
import { isAuthorized, newToken, tokenCharactersMin } from './token.js';
import { isVerb, type Verb, verbs } from './verbs.js';
import { WireFormatError } from './wire.js';

/** How a devnet is served. */
export interface ServeOptions {
  /** Loopback only: 127.0.0.1 (default), ::1 or localhost. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** At least 43 characters; by default 32 random bytes. Whoever has it can spend the wallet's coins. */
  readonly token?: string;
}

/** A devnet that other processes of this machine can use. */
export interface DevnetServer {
  readonly url: string;
  readonly token: string;
  /** Stops listening; the devnet itself goes on. Idempotent. */
  close(): Promise<void>;
}

const bodyBytesMax = 1_048_576;
const loopbackHosts: readonly string[] = ['127.0.0.1', '::1', 'localhost'];
/** Longer than clients keep a connection, so that the server is never the one to cut it. */
const keepAliveMs = 120_000;

/**
 * Lets other processes of this machine use the devnet, over plain HTTP on loopback with a bearer token. A
 * convenience of development for regtest's worthless coins; it is no node API, and its shape may change between
 * versions. Use {@link connectDevnet}, or any Bitcoin RPC client on `<url>/bitcoin`.
 *
 * Rejects with an Error for a host that is not loopback, a short token, or a port that is taken.
 *
 * @example
 * ```ts
 * import { connectDevnet, serveDevnet, startDevnet } from '@farebox/devnet';
 *
 * const devnet = await startDevnet();
 * const server = await serveDevnet(devnet);
 * const merchant = connectDevnet({ url: server.url, token: server.token, role: 'merchant' });
 * await merchant.info();
 * await merchant.close();
 * await server.close();
 * await devnet.close();
 * ```
 */
export async function serveDevnet(devnet: Devnet, options: ServeOptions = {}): Promise<DevnetServer> {
  const { host = '127.0.0.1', port = 0, token = newToken() } = options;
  if (!loopbackHosts.includes(host)) {
    throw new Error(`A devnet is served on loopback only, not on ${host}: leave the host out.`);
  }
  if (token.length < tokenCharactersMin) {
    throw new Error(
      `A token needs at least ${tokenCharactersMin} characters: leave it out to have one made.`,
    );
  }
  const names = new Set<string>();
  const server = createServer((request, response) => {
    handle(devnet, { token, names }, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = keepAliveMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // A listening TCP server has an AddressInfo; strings are for pipes.
  const address = server.address() as AddressInfo;
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) names.add(`${name}:${address.port}`);
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Guard {
  readonly token: string;
  /** Values of `Host` that a client on this machine sends. */
  readonly names: ReadonlySet<string>;
}

async function handle(
  devnet: Devnet,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A page in a browser that points its own name at 127.0.0.1 still sends that name (DNS rebinding).
  if (!guard.names.has(request.headers.host?.toLowerCase() ?? '') || request.headers.origin !== undefined) {
    return fail(response, 403, 'forbidden', 'Only programs on this machine may use a devnet.');
  }
  if (!isAuthorized(request.headers.authorization, guard.token)) {
    response.setHeader('WWW-Authenticate', 'Bearer realm="farebox devnet", Basic realm="farebox devnet"');
    return fail(response, 401, 'node_unauthorized', "The devnet's token is missing or wrong.");
  }
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST');
    return fail(response, 405, 'method_not_allowed', 'Use POST.');
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('Connection', 'close');
    return fail(response, 413, 'too_large', `A body is at most ${bodyBytesMax} bytes.`);
  }
  const path = request.url ?? '/';
  if (path === '/bitcoin' || path === '/bitcoin/') {
    const answer = await answerJsonRpc(devnet, body);
    return send(response, answer.status, answer.body);
  }
  if (path === '/mine') return answerMine(devnet, body, response);
  const [, role = '', verb = ''] = /^\/lightning\/([a-z]+)\/([A-Za-z]+)$/.exec(path) ?? [];
  const node = nodeOf(devnet, role);
  if (node === undefined || !isVerb(verb))
    return fail(response, 404, 'not_found', 'There is no such node or verb.');
  await answerVerb(node, verb, body, response);
}

function nodeOf(devnet: Devnet, role: string): DevnetNode | undefined {
  if (role === 'merchant') return devnet.merchant;
  if (role === 'wallet') return devnet.wallet;
  return role === 'router' ? devnet.router : undefined;
}

async function answerVerb<V extends keyof NodeCalls>(
  node: DevnetNode,
  name: V,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const verb: Verb<NodeCalls[V]['argument'], NodeCalls[V]['result']> = verbs[name];
  await answer(response, body, async (value) =>
    verb.result.write(await verb.perform(node, verb.argument.read(value))),
  );
}

function answerMine(devnet: Devnet, body: string, response: ServerResponse): Promise<void> {
  return answer(response, body, async (value) => {
    const blocks = typeof value === 'object' && value !== null && 'blocks' in value ? value.blocks : 1;
    if (typeof blocks !== 'number') throw new WireFormatError('"blocks" must be a number.');
    return { ...(await devnet.mine(blocks)) };
  });
}

async function answer(
  response: ServerResponse,
  body: string,
  perform: (argument: JsonValue) => Promise<JsonValue>,
): Promise<void> {
  const argument = body === '' ? {} : parseJsonObject(body);
  if (argument === undefined) return fail(response, 400, 'bad_request', 'The body must be a JSON object.');
  try {
    send(response, 200, await perform(argument));
  } catch (error) {
    if (error instanceof WireFormatError) fail(response, 400, 'bad_request', error.message);
    else if (error instanceof NodeError) fail(response, 422, error.code, error.message);
    else fail(response, 500, 'node_misbehaved', 'The devnet failed.');
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return undefined;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request) {
    // Without setEncoding a request yields buffers.
    const chunk = part as Buffer;
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

function send(response: ServerResponse, status: number, body: JsonValue): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  send(response, status, { error: { code, message } });
}
