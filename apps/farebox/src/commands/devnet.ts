import type { DevnetFile } from '@farebox/devnet';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError, usageError } from '../cli-error.js';
import { findHome, type Home } from '../home.js';
import { interrupted } from '../interrupted.js';
import { createOutput, type Output } from '../output.js';

interface Options {
  readonly directory?: string;
  readonly memory?: boolean;
  readonly port: number;
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
    .option('--port <number>', 'port on 127.0.0.1; 0 takes a free one', parsePort, 0)
    .option('--json', 'one JSON object on stdout when it is ready')
    .addHelpText(
      'after',
      `
While it runs, farebox serve and farebox pay find it through $FAREBOX_HOME/devnet.json (default ~/.farebox).
It listens on this machine only and asks for the token in that file. It is for development: regtest only, no
real money, and its interface may change.

Examples:
  farebox devnet
  farebox devnet --memory --port 9735`,
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
  await refuseSecond(home);
  const directory = options.directory ?? home.devnetDirectory;
  const stopped = interrupted();
  const log = (line: string) => output.remark(`  ${line}`);
  const devnet = await startDevnet(options.memory ? { log } : { directory, log }).catch((cause: unknown) => {
    throw startError(cause);
  });
  try {
    const server = await serveDevnet(devnet, { port: options.port }).catch((cause: unknown) => {
      throw startError(cause);
    });
    const file: DevnetFile = { url: server.url, token: server.token };
    try {
      await writeDevnetFile(home.directory, file);
      announce(server.url, home, output, options.memory ? undefined : directory);
      await stopped;
      output.remark('\nStopping.');
    } finally {
      // The file first: nobody should find a devnet that is about to be gone.
      await removeDevnetFile(home.directory, file);
      await server.close();
    }
  } finally {
    await devnet.close();
  }
}

/** Two would fight for the same file: whoever pays would find one and whoever sells the other. */
async function refuseSecond(home: Home): Promise<void> {
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
  throw new CliError(
    'devnet_running',
    `A devnet runs already at ${found.url}; use it, or set FAREBOX_HOME to have another.`,
  );
}

/** The devnet's own sentences are written for people and hold no secret. */
function startError(cause: unknown): CliError {
  const message = cause instanceof Error ? cause.message : 'The devnet could not be started.';
  return new CliError('devnet_failed', message, { cause });
}

function announce(url: string, home: Home, output: Output, directory: string | undefined): void {
  if (output.json) {
    output.object({ ok: true, url, network: 'regtest', file: home.devnetFile, directory: directory ?? null });
    return;
  }
  const { bold, dim } = output.color;
  output.text(`The devnet is running at ${url} ${dim('(regtest: worthless coins)')}
  ${dim('found through')} ${home.devnetFile}
  ${dim('kept in      ')} ${directory ?? 'memory'}

Try, in another terminal:
  ${bold('farebox serve')}                                              sell an API; farebox serve --example shows how
  ${bold('farebox pay request http://127.0.0.1:8402/v1/bitcoin/price')} what would it cost?

Ctrl-C stops it.`);
}
