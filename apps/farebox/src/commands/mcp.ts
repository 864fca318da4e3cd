import type { Amount } from '@farebox/protocol';
import type { McpParts } from '@farebox/wallet/mcp';
import { type Command, InvalidArgumentError } from 'commander';
import { collectAmount, parseAmountOption } from '../amount-option.js';
import { CliError, usageError } from '../cli-error.js';
import { findHome } from '../home.js';
import { interrupted } from '../interrupted.js';
import { createOutput } from '../output.js';
import { readTempoSettings } from '../tempo/settings.js';
import { showMoney } from '../views.js';
import { readBudget } from './mcp-budget.js';
import { readTokenFile } from './mcp-token.js';
import { keepWallet, readSpendable } from './mcp-wallet.js';
import { wantedOrigins } from './pay-api-origins.js';
import { searchEntries } from './pay-api-search.js';
import { type NodeOptions, withNodeOptions } from './pay-options.js';

interface Options extends NodeOptions {
  readonly http?: { readonly host: string; readonly port: number };
  readonly tokenFile?: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly only?: readonly string[];
  readonly max?: readonly Amount[];
  readonly maxFee?: readonly Amount[];
  readonly json?: boolean;
}

/** Adds `farebox mcp`. */
export function registerMcp(program: Command): void {
  const command = program
    .command('mcp')
    .description('the wallet as an MCP server: search, preview, pay, resume, history, balance, budget')
    .option('--http <address>', 'listen on host:port instead of stdin and stdout', parseAddress)
    .option('--token-file <path>', 'bearer token of --http; the file is made when there is none')
    .option(
      '--allow-host <name>',
      'with --http: another name of this server, such as that of a proxy; repeatable',
      collect,
    )
    .option(
      '--allow-origin <origin>',
      'with --http: web pages of this origin may talk to it; repeatable',
      collect,
    )
    .option('--only <origin>', 'talk to this seller only; repeatable', collect)
    .option('--max <amount>', "lower the wallet's limit of one payment; repeatable", collectAmount)
    .option('--max-fee <amount>', "lower the wallet's limit of fees; repeatable", collectAmount);
  withNodeOptions(command)
    .addHelpText(
      'after',
      `
Limits, policy and approval are the wallet's and hold below the tools: whoever talks to a tool can ask for less, never for
more. What sellers write is marked as data. A call that is cancelled after the payment has begun is carried to its end, and
its answer is kept for a day in $FAREBOX_HOME/answers.

Examples:
  farebox mcp                                                    for a client that starts it
  farebox mcp --only https://api.example.com --max 10sat
  farebox mcp --http 127.0.0.1:8403 --token-file mcp-token

In the configuration of a client:
  { "mcpServers": { "farebox": { "command": "farebox", "args": ["mcp"] } } }`,
    )
    .action(run);
}

function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** `127.0.0.1:8403`, `[::1]:8403`, `localhost:0`. */
function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port > 65_535)
    throw new InvalidArgumentError('Write it as host:port, such as 127.0.0.1:8403.');
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

async function run(options: Options): Promise<void> {
  if (options.passphraseFd === 0 && options.http === undefined) {
    throw usageError(
      'stdin is for the client; give the passphrase with another descriptor, a file or the environment.',
    );
  }
  const stopped = interrupted();
  const wallet = keepWallet(options);
  try {
    const parts = await assemble(options, wallet.open);
    const { serveStdio } = await import('@farebox/wallet/mcp');
    if (options.http) await listen(parts, options, stopped);
    else await serveStdio(parts, { stdin: process.stdin, stdout: process.stdout, stopped });
  } finally {
    await wallet.close();
    // What is left of stdin would keep the process.
    process.stdin.destroy();
  }
}

async function assemble(options: Options, open: McpParts['open']): Promise<McpParts> {
  const home = findHome();
  const [{ readVersion }, { answerShelf }, { readCatalogues }] = await Promise.all([
    import('../main.js'),
    import('@farebox/wallet/mcp'),
    import('@farebox/wallet/catalogue'),
  ]);
  const only = options.only === undefined ? undefined : await wantedOrigins(home, options.only);
  const { tokens } = await readTempoSettings(options, home);
  const { max, maxFee } = options;
  const ceiling = { ...(max && { max }), ...(maxFee && { maxFee }) };
  return {
    version: readVersion(),
    open,
    ceiling,
    async search({ words, origins, signal }) {
      const wanted = origins ?? only ?? (await wantedOrigins(home, []));
      const services = await readCatalogues(wanted, { signal });
      return { services, entries: await searchEntries(services, words) };
    },
    balance: () => readSpendable(options),
    budget: () => readBudget(home, tokens, ceiling),
    parseAmount,
    showAmount: (amount) => showMoney(amount, tokens),
    shelf: answerShelf(home.answers),
    origins: only,
  };
}

function parseAmount(text: string): Amount | undefined {
  try {
    return parseAmountOption(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

async function listen(parts: McpParts, options: Options, stopped: Promise<void>): Promise<void> {
  const { http, tokenFile, allowHost = [], allowOrigin = [] } = options;
  if (http === undefined) return;
  if (tokenFile === undefined)
    throw usageError('--http needs --token-file: whoever can pay must show a token.');
  const loopback = ['localhost', '127.0.0.1', '::1'].includes(http.host);
  if (!loopback && allowHost.length === 0) {
    throw usageError(
      'Listening for other machines sends the token in the clear: listen on 127.0.0.1 behind a proxy with https, or name the proxy with --allow-host.',
    );
  }
  const { serveHttp, tokenCharsMin } = await import('@farebox/wallet/mcp');
  const token = await readTokenFile(tokenFile, tokenCharsMin);
  const server = await serveHttp(parts, {
    ...http,
    token,
    hosts: allowHost.map((name) => name.toLowerCase()),
    origins: allowOrigin,
  }).catch((cause: unknown) => {
    throw new CliError(
      'cannot_listen',
      `Nothing can listen on ${http.host}:${http.port}; choose another port.`,
      { cause },
    );
  });
  const output = createOutput({ json: options.json ?? false });
  if (output.json) output.object({ ok: true, url: server.url, tokenFile });
  else output.text(`The wallet listens at ${server.url}; the token is in ${tokenFile}.`);
  await stopped;
  await server.close();
}
