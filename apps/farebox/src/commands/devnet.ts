import { join } from 'node:path';
import type { DevnetFile } from '@farebox/devnet';
import type { TempoDevnet } from '@farebox/devnet/tempo';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import type { TempoDevnetPlace } from '../devnet-tempo.js';
import { findHome, type Home } from '../home.js';
import { interrupted } from '../interrupted.js';
import { lastAddress } from '../last-devnet.js';
import { createOutput, type Output } from '../output.js';
import { pathUsd } from '../tempo/tokens.js';

interface Options {
  readonly directory?: string;
  readonly memory?: boolean;
  readonly port: number;
  readonly tempo?: boolean;
  readonly tempoPort: number;
  readonly json?: boolean;
}

/** Adds `farebox devnet`. */
export function registerDevnet(program: Command): void {
  program
    .command('devnet')
    .description(
      'run two real Lightning nodes on a regtest chain of their own: worthless coins to try everything with',
    )
    .option('--directory <path>', 'where chain and nodes are kept (default: $FAREBOX_HOME/devnet)')
    .option('--memory', 'keep everything in memory; it is gone when the devnet stops')
    .option('--port <number>', 'port on 127.0.0.1; 0: where it was before, or a free one', parsePort, 0)
    .option('--tempo', 'also run a Tempo chain')
    .option(
      '--tempo-port <number>',
      "port of the Tempo chain's JSON-RPC; 0: as before, or a free one",
      parsePort,
      0,
    )
    .option('--json', 'one JSON object on stdout when it is ready')
    .addHelpText(
      'after',
      `
While it runs, farebox serve and farebox pay find it through $FAREBOX_HOME/devnet.json (default ~/.farebox).
Started again, it has the same address and token, so what uses it goes on.
It listens on this machine only and asks for the token in that file. It is for development: regtest only, no
real money, and its interface may change.

Examples:
  farebox devnet
  farebox devnet --memory --port 9735
  farebox devnet --tempo --tempo-port 8545`,
    )
    .action(run);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

async function run(options: Options): Promise<void> {
  if (options.memory && options.directory !== undefined)
    throw usageError('Give --memory or --directory, not both.');
  // A terminal program, not a filter: JSON only when asked for.
  const output = createOutput({ json: options.json ?? false });
  const home = findHome();
  const { removeDevnetFile, serveDevnet, startDevnet, writeDevnetFile } = await import('@farebox/devnet');
  await refuseSecond(home, options.tempo === true);
  const directory = options.directory ?? home.devnetDirectory;
  const kept = options.memory ? undefined : directory;
  const stopped = interrupted();
  const { port, tempoPort, token } = await lastAddress(home, options, output);
  const log = (line: string) => output.remark(`  ${line}`);
  const devnet = await startDevnet(kept === undefined ? { log } : { directory: kept, log }).catch(orFail);
  let tempo: TempoDevnet | undefined;
  try {
    tempo = options.tempo ? await startTempo(tempoPort, kept, log) : undefined;
    const address = { port, ...(token !== undefined && { token }) };
    const server = await serveDevnet(devnet, address).catch(orFail);
    const place = tempo && { tempo: { url: tempo.url, chainId: tempo.chainId } };
    const file: DevnetFile = { url: server.url, token: server.token, ...place };
    try {
      await writeDevnetFile(home.directory, file);
      announce(server.url, home, output, kept, tempo);
      await stopped;
      output.remark('\nStopping.');
    } finally {
      // The file first: nobody should find a devnet that is about to be gone.
      await removeDevnetFile(home.directory, file);
      await server.close();
    }
  } finally {
    await tempo?.close();
    await devnet.close();
  }
}

async function startTempo(
  port: number,
  directory: string | undefined,
  log: (line: string) => void,
): Promise<TempoDevnet> {
  log('starting a Tempo chain');
  const { startTempoDevnet } = await import('@farebox/devnet/tempo');
  const statePath = directory === undefined ? undefined : join(directory, 'tempo-state.json');
  return startTempoDevnet({ port, ...(statePath !== undefined && { statePath }) }).catch(orFail);
}

/** Two would fight for the same file: whoever pays would find one and whoever sells the other. */
async function refuseSecond(home: Home, tempo: boolean): Promise<void> {
  const { connectDevnet, readDevnetFile } = await import('@farebox/devnet');
  const found = await readDevnetFile(home.directory);
  if (found === undefined) return;
  const node = connectDevnet({ ...found, role: 'wallet' });
  const alive = await node.info().then(
    () => true,
    () => false,
  );
  await node.close();
  if (!alive) return;
  const advice =
    tempo && found.tempo === undefined
      ? 'it has no Tempo chain: stop it with Ctrl-C, and this one goes on with its nodes and coins'
      : 'use it, or set FAREBOX_HOME to have another';
  throw new CliError('devnet_running', `A devnet runs already at ${found.url}; ${advice}.`);
}

/** The devnet's own sentences are written for people and hold no secret. */
function orFail(cause: unknown): never {
  const message = cause instanceof Error ? cause.message : 'The devnet could not be started.';
  throw new CliError('devnet_failed', message, { cause });
}

function announce(
  url: string,
  home: Home,
  output: Output,
  directory: string | undefined,
  tempo: TempoDevnetPlace | undefined,
): void {
  if (output.json) {
    const chain = tempo ? { url: tempo.url, chainId: tempo.chainId } : null;
    const kept = directory ?? null;
    output.object({
      ok: true,
      url,
      network: 'regtest',
      tempo: chain,
      file: home.devnetFile,
      directory: kept,
    });
    return;
  }
  const { bold, dim } = output.color;
  const chain = tempo ? `\n  ${dim('Tempo chain  ')} ${tempo.url} ${dim(`(chain ${tempo.chainId})`)}` : '';
  const tempoHints = tempo
    ? `
  ${bold('farebox wallet tempo create')}, then ${bold('farebox wallet tempo fund')}              a key that pays on Tempo
  ${dim(`in farebox.yaml: tempo: { tokens: { pathUSD: { address: "${pathUsd.address}", recipient: "0x…" } } }`)}
`
    : '';
  output.text(`The devnet is running at ${url} ${dim('(regtest: worthless coins)')}
  ${dim('found through')} ${home.devnetFile}
  ${dim('kept in      ')} ${directory ?? 'memory'}${chain}

Try, in another terminal:
  ${bold('farebox serve')}                                              sell an API; farebox serve --example shows how
  ${bold('farebox pay request http://127.0.0.1:8402/v1/bitcoin/price')} what would it cost?
${tempoHints}
Ctrl-C stops it.`);
}
