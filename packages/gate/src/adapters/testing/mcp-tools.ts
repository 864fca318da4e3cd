import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'mppx';
import type { Gate, Terms } from '../../index.js';
import { paymentCapability, sellTool, sellToolCall } from '../mcp.js';

/** A tool's work: what it is given, and the result that it makes of it. */
export type Work = (given: unknown) => Promise<{ content: { type: 'text'; text: string }[] }>;

/** What is used of an MCP server here. */
interface Connectable {
  connect(transport: InMemoryTransport): Promise<void>;
}

/** The tools `joke` and `weather`, `bare` without arguments and `refuses`, on the official high-level server. */
export function registeredTools(gate: Gate, work: Work, terms: Terms): McpServer {
  const server = new McpServer(
    { name: 'shop', version: '1.0.0' },
    { capabilities: { experimental: paymentCapability(terms) } },
  );
  for (const name of ['joke', 'weather']) {
    server.registerTool(
      name,
      { inputSchema: { topic: z.string(), size: z.optional(z.number()) } },
      sellTool(gate, terms, { name, McpError }, (given: unknown) => work(given)),
    );
  }
  server.registerTool(
    'bare',
    {},
    sellTool(gate, terms, { name: 'bare', McpError }, () => work(undefined)),
  );
  server.registerTool(
    'refuses',
    {},
    sellTool(gate, terms, { name: 'refuses', McpError }, async () => ({
      ...(await work(undefined)),
      isError: true,
    })),
  );
  return server;
}

/** Every tool there is, on the official low-level server. */
export function lowLevelTools(gate: Gate, work: Work, terms: Terms): Server {
  const server = new Server({ name: 'shop', version: '1.0.0' }, { capabilities: { tools: {} } });
  const sold = sellToolCall(gate, terms, (call) => work(call.params.arguments));
  server.setRequestHandler(CallToolRequestSchema, (request, extra) => sold(request, extra));
  return server;
}

/** Connects two ends in this process. */
export async function connect(server: Connectable, client: Connectable): Promise<void> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ours), client.connect(theirs)]);
}
