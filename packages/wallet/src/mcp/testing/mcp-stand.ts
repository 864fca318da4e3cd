import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { defaultLimits } from '../../limits.js';
import { openTestPurse, type TestPurse } from '../../testing/purse.js';
import { Seller } from '../../testing/seller.js';
import { answerShelf } from '../answer-shelf.js';
import type { McpParts } from '../parts.js';
import { createMcpServer } from '../server.js';
import { createWork, type Work } from '../work.js';

/** A seller, a wallet with a paper node, and a real client of the SDK that talks to the server in between. */
export interface McpStand {
  readonly seller: Seller;
  readonly purse: TestPurse;
  readonly client: Client;
  readonly work: Work;
  readonly parts: McpParts;
  readonly folder: string;
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<CallToolResult>;
  close(): Promise<void>;
}

/** Parts of a server that pays with a paper node. */
export function partsOf(purse: TestPurse, folder: string, changes: Partial<McpParts> = {}): McpParts {
  return {
    version: '0.0.0',
    open: async () => ({ wallet: purse.wallet, journal: purse.journal }),
    ceiling: defaultLimits,
    search: async () => ({ services: [], entries: [] }),
    balance: async () => [
      { method: 'lightning', balance: { amount: 5_000n, currency: 'msat' }, missing: undefined },
    ],
    budget: async () => ({
      limits: [{ scope: 'payment', limit: { amount: 100n, currency: 'sat' }, spent: undefined }],
      source: 'the owner',
    }),
    parseAmount(text) {
      const [, digits] = /^(\d+)sat$/.exec(text) ?? [];
      return digits === undefined ? undefined : { amount: BigInt(digits), currency: 'sat' };
    },
    showAmount: ({ amount, currency }) => `${amount} ${currency}`,
    shelf: answerShelf(folder),
    ...changes,
  };
}

/** Opens one. */
export async function openMcpStand(changes: Partial<McpParts> = {}): Promise<McpStand> {
  const seller = await new Seller().listen();
  const purse = openTestPurse(seller.node);
  const directory = mkdtempSync(join(tmpdir(), 'farebox-mcp-'));
  const folder = join(directory, 'answers');
  const parts = partsOf(purse, folder, changes);
  const work = createWork();
  const server = createMcpServer(parts, work);
  const client = new Client({ name: 'test', version: '0.0.0' });
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), client.connect(here)]);
  // As every agent does: from then on the client holds results against the schemas that the tools declare.
  await client.listTools();
  return {
    seller,
    purse,
    client,
    work,
    parts,
    folder,
    async call(name, args = {}, signal) {
      const options = signal === undefined ? undefined : { signal };
      // Without a schema of its own, the client gives this shape.
      return (await client.callTool({ name, arguments: args }, undefined, options)) as CallToolResult;
    },
    async close() {
      await client.close();
      await work.idle();
      purse.close();
      await seller.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a failed call says: our own part of it, which stands first. Throws for a call that did not fail. */
export function failureIn(result: CallToolResult): Record<string, unknown> {
  const [first] = result.content;
  if (result.isError !== true || first?.type !== 'text') throw new Error('this call has not failed');
  const report: unknown = JSON.parse(first.text);
  return typeof report === 'object' && report !== null ? { ...report } : {};
}

/** All text of a result, as a client without structured content shows it. */
export function textOf(result: CallToolResult): string {
  return result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
