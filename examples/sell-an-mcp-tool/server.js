// How to run it: docs/library.md, "Run the examples".
import { connectDevnet, fareboxHome, readDevnetFile } from '@farebox/devnet';
import { createGate } from '@farebox/gate';
import { sellTool } from '@farebox/gate/mcp';
import { openSqliteLedger } from '@farebox/ledger';
import { lightningSeller } from '@farebox/lightning';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { McpError } from '@modelcontextprotocol/sdk/types.js';

const { FAREBOX_SECRET } = process.env;
const home = fareboxHome();
const node = connectDevnet({ ...(await readDevnetFile(home)), role: 'merchant' });
const gate = createGate({
  realm: 'jokes.example',
  secrets: [FAREBOX_SECRET],
  methods: [lightningSeller({ node, network: 'regtest' })],
  ledger: await openSqliteLedger({ path: `${home}/mcp.db` }),
});
const offers = [{ method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } }];
const terms = { route: 'tool joke', effect: 'safe', offers };

const server = new McpServer({ name: 'jokes', version: '1.0.0' });
const tell = () => ({
  content: [{ type: 'text', text: 'Why do satoshis never argue? They always settle.' }],
});
const joke = sellTool(gate, terms, { name: 'joke', McpError }, tell);
server.registerTool('joke', { description: 'Tells a joke, for one satoshi.' }, joke);
await server.connect(new StdioServerTransport());
