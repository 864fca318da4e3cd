import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { guard } from './http-guard.js';
import { messageBytesMax, messageTimeoutMs, sessionIdleMs, sessionsMax } from './limits.js';
import type { McpParts } from './parts.js';
import { createMcpServer } from './server.js';
import { createWork, type Work } from './work.js';

/** Where and for whom a server listens. */
export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What clients show in `Authorization: Bearer`. */
  readonly token: string;
  /** Names beside this machine's own that the `Host` field may have: of a proxy in front. */
  readonly hosts?: readonly string[];
  /** Origins of web pages that may talk to it; none by default. */
  readonly origins?: readonly string[];
}

/** A server that listens. */
export interface HttpServer {
  /** Address of the MCP endpoint. */
  readonly url: string;
  /** Takes no more calls, lets payments that were begun come to their end, and closes. */
  close(): Promise<void>;
}

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  close(): Promise<void>;
  lastMs: number;
}

/** Serves clients over streamable HTTP at `/mcp`. Rejects when the address cannot be listened on. */
export async function serveHttp(parts: McpParts, options: HttpOptions): Promise<HttpServer> {
  const work = createWork();
  const sessions = new Map<string, Session>();
  const tokenHash = sha256(options.token);
  const isToken = (given: string) => timingSafeEqual(sha256(given), tokenHash);
  const server = createServer({ requestTimeout: messageTimeoutMs }, (request, response) => {
    const refused = guard(request, { isToken, hosts: options.hosts ?? [], origins: options.origins ?? [] });
    if (refused) return refuse(response, refused.status, refused.detail, refused.headers);
    handle(request, response, { parts, work, sessions }).catch(() => {
      if (!response.headersSent) refuse(response, 500, 'Something broke that should not.');
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, () => resolve());
  });
  const sweeper = setInterval(() => void forgetIdle(sessions), sessionIdleMs / 10).unref();
  return {
    url: `http://${addressOf(server)}/mcp`,
    async close() {
      clearInterval(sweeper);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await work.idle();
      for (const session of sessions.values()) await session.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function addressOf(server: Server): string {
  // A TCP server that listens has an address of this form.
  const { address, port, family } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

interface Scene {
  readonly parts: McpParts;
  readonly work: Work;
  readonly sessions: Map<string, Session>;
}

async function handle(request: IncomingMessage, response: ServerResponse, scene: Scene): Promise<void> {
  const { sessions } = scene;
  const id = request.headers['mcp-session-id'];
  const known = typeof id === 'string' ? sessions.get(id) : undefined;
  if (id !== undefined && known === undefined)
    return refuse(response, 404, 'There is no such session; begin a new one.');
  const message = request.method === 'POST' ? await readMessage(request) : undefined;
  if (message !== undefined && !message.ok) return refuse(response, message.status, message.detail);
  const body = message?.value;
  if (known) {
    known.lastMs = Date.now();
    return known.transport.handleRequest(request, response, body);
  }
  if (!isInitializeRequest(body)) return refuse(response, 400, 'Begin with an initialize request.');
  if (sessions.size >= sessionsMax) {
    return refuse(response, 503, `There are ${sessionsMax} clients already; try again later.`);
  }
  const transport = await openSession(scene);
  return transport.handleRequest(request, response, body);
}

async function openSession({ parts, work, sessions }: Scene): Promise<StreamableHTTPServerTransport> {
  const id = randomUUID();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id });
  const server = createMcpServer(parts, work);
  const forget = () => void sessions.delete(id);
  server.server.onclose = forget;
  sessions.set(id, { transport, lastMs: Date.now(), close: () => server.close() });
  // The types of the SDK do not agree with exactOptionalPropertyTypes; a transport it is all the same.
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  return transport;
}

async function forgetIdle(sessions: Map<string, Session>): Promise<void> {
  const oldest = Date.now() - sessionIdleMs;
  for (const session of [...sessions.values()]) if (session.lastMs < oldest) await session.close();
}

type Message =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number; readonly detail: string };

async function readMessage(request: IncomingMessage): Promise<Message> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.byteLength;
    if (bytes > messageBytesMax) {
      return { ok: false, status: 413, detail: `A message has at most ${messageBytesMax} bytes.` };
    }
    chunks.push(part);
  }
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { ok: false, status: 400, detail: 'The message is no JSON.' };
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32_000, message: detail }, id: null }));
}
