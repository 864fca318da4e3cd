import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.js';
import { interrupted } from '../interrupted.js';
import { createOutput } from '../output.js';

/** The demo's port, when it is free. */
const portDefault = 8402;

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly tempo?: boolean;
  readonly port?: number;
}

/** Adds `farebox demo`. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'sell one request for one satoshi, and buy it: a gateway, an API, a wallet and a real Lightning payment',
    )
    .option('--once', 'stop after the story')
    .option('--json', 'one JSON object on stdout, and nothing else; implies --once')
    .option('--tempo', 'also sell and buy with a stablecoin, on a Tempo chain')
    .option(
      '--port <number>',
      `port of the gateway (default: ${portDefault}, or a free one if it is taken)`,
      parsePort,
    )
    .addHelpText(
      'after',
      `
Everything runs in this process and in a temporary folder: two Lightning nodes on a regtest chain of their own, a small
Bitcoin API, the gateway that sells it, and the wallet that buys. Nothing leaves this machine.

Examples:
  farebox demo
  farebox demo --tempo
  farebox demo --once --json | jq .receipt`,
    )
    .action(run);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 1 to 65535.');
}

async function run(options: Options): Promise<void> {
  const output = createOutput({ json: options.json ?? false });
  const once = options.once === true || output.json;
  const [{ startWorld }, { playStory }, { suggestNext, tellStory }] = await Promise.all([
    import('../demo/world.js'),
    import('../demo/story.js'),
    import('../demo/telling.js'),
  ]);
  output.remark('Starting two Lightning nodes, a Bitcoin API and a gateway …');
  const world = await startWorld({
    port: await choosePort(options, once),
    tempo: options.tempo === true,
  });
  const stopped = interrupted();
  try {
    const story = await playStory(
      world,
      output.json ? {} : tellStory(output, `${world.url}/v1/bitcoin/price`),
    );
    if (output.json) output.object(story);
    if (once) return;
    suggestNext(output, world);
    await stopped;
    output.remark('\nStopping.');
  } finally {
    await world.close();
  }
}

/** The usual port if it is free: the documents name it. A port that was asked for is taken or refused. */
async function choosePort(options: Options, once: boolean): Promise<number> {
  const wanted = options.port ?? (once ? 0 : portDefault);
  if (wanted === 0 || (await isFree(wanted))) return wanted;
  if (options.port === undefined) return 0;
  throw new CliError('port_taken', `Port ${wanted} is taken; give another one with --port.`);
}

async function isFree(port: number): Promise<boolean> {
  const { createServer } = await import('node:net');
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
