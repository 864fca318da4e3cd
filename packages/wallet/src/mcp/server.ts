import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { McpParts } from './parts.js';
import { addBalance } from './tools/balance.js';
import { addBudget } from './tools/budget.js';
import { addHistory } from './tools/history.js';
import { addPay } from './tools/pay.js';
import { addPreview } from './tools/preview.js';
import { addResume } from './tools/resume.js';
import { addSearch } from './tools/search.js';
import { untrustedNote } from './untrusted.js';
import type { Work } from './work.js';

const instructions = `A wallet that pays for HTTP requests (HTTP 402, the Payment scheme). Begin with 'search' or 'preview', then 'pay'. Limits are the owner's and hold below the tools: asking for more changes nothing. When 'pay' fails and names a payment id, call 'resume' with it and do not pay again. ${untrustedNote}`;

/** Makes a server with every tool; one for each client. */
export function createMcpServer(parts: McpParts, work: Work): McpServer {
  const server = new McpServer({ name: 'farebox', version: parts.version }, { instructions });
  addSearch(server, parts);
  addPreview(server, parts);
  addPay(server, parts, work);
  addResume(server, parts, work);
  addHistory(server, parts);
  addBalance(server, parts);
  addBudget(server, parts);
  return server;
}
