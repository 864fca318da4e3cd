import type { Command } from 'commander';
import type { GatewayConfig } from './config/config.js';
import { ConfigError } from './config/error.js';
import { exampleConfig } from './config/example.js';
import { configJsonSchema } from './config/json-schema.js';
import { loadConfig } from './config/load.js';
import { createGateway, type Gateway } from './gateway.js';
import { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './log.js';
import { checkMaterials } from './operate/check.js';
import { welcome } from './welcome.js';

/** The environment variable for the log level, when `--log-level` is not given. */
export const logLevelVariable = 'FAREBOX_LOG';

interface ServeOptions {
  readonly config: string;
  readonly check?: boolean;
  readonly printSchema?: boolean;
  readonly example?: boolean;
  readonly logLevel?: string;
}

const HELP = `
Examples:
  farebox serve --example > farebox.yaml   a commented configuration to begin with
  farebox serve --check                    say what is wrong with farebox.yaml and the files it names, serve nothing
  farebox serve                            serve what farebox.yaml says
  farebox serve -c shop.yaml --log-level debug
  farebox serve --print-schema > farebox.schema.json

The log goes to stderr as JSON lines; it never holds a credential, a preimage, a key or a secret.
SIGHUP reads the configuration again: routes, prices, upstreams, limits, secrets and certificate are exchanged while the
gateway serves; a file that cannot be used changes nothing, and the log says where.
Ctrl-C stops accepting and finishes what was paid for; a second one stops at once.`;

/**
 * Adds `farebox serve` to a program.
 *
 * Exit codes: 0 done · 1 could not serve · 2 usage, or a configuration that cannot be used.
 *
 * @example
 * ```ts
 * import { Command } from 'commander';
 * import { registerServe } from '@farebox/gateway';
 * const program = new Command('farebox');
 * registerServe(program);
 * await program.parseAsync(['node', 'farebox', 'serve', '--check']);
 * ```
 */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .summary('sell an HTTP API per request')
    .description(
      'Runs the gateway: a reverse proxy that sells what farebox.yaml says, one request at a time.',
    )
    .option('-c, --config <file>', 'configuration', 'farebox.yaml')
    .option('--check', 'check the configuration and exit')
    .option('--print-schema', 'print the JSON Schema of the configuration and exit')
    .option('--example', 'print a commented configuration and exit')
    .option('--log-level <level>', `${LOG_LEVELS.join(', ')} (default: $${logLevelVariable}, or info)`)
    .addHelpText('after', HELP)
    .action(async (options: ServeOptions) => {
      process.exitCode = await serve(options);
    });
}

async function serve(options: ServeOptions): Promise<number> {
  if (options.example === true) return print(exampleConfig);
  if (options.printSchema === true) return print(configJsonSchema());
  const level = readLevel(options.logLevel ?? process.env[logLevelVariable] ?? 'info');
  if (level === undefined) return complain(`The log level must be one of ${LOG_LEVELS.join(', ')}.`, 2);
  let config: GatewayConfig;
  try {
    config = await loadConfig(options.config);
  } catch (error) {
    if (error instanceof ConfigError) return complain(error.message, 2);
    throw error;
  }
  if (options.check === true) return check(options.config, config);
  const logger = createLogger(level);
  let gateway: Gateway | undefined;
  const hangUp = (): void => {
    // While it starts, there is nothing to exchange: it has just read the file.
    if (gateway !== undefined) void reloadFrom(options.config, gateway, logger);
  };
  process.on('SIGHUP', hangUp);
  let stopping: Promise<void>;
  try {
    gateway = await createGateway(config, { logger });
    const { url } = await gateway.listen();
    // Before it says that it serves: whoever has read that may stop it, and it ends in order.
    stopping = interrupted();
    const { adminUrl, metricsUrl } = gateway;
    print(welcome(config, { url, adminUrl, metricsUrl }));
  } catch (error) {
    process.off('SIGHUP', hangUp);
    await gateway?.close();
    return complain(error instanceof Error ? error.message : String(error), 1);
  }
  await stopping;
  process.off('SIGHUP', hangUp).on('SIGHUP', ignore);
  print('\nStopping: finishing what was paid for. Once more to stop at once.\n');
  await Promise.race([gateway.close(), interrupted().then(() => gateway?.close({ drainMs: 0 }))]);
  return 0;
}

/** Looks at what the configuration names as well: a file that is not there keeps a gateway from starting. */
async function check(file: string, config: GatewayConfig): Promise<number> {
  try {
    await checkMaterials(config);
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), 2);
  }
  const { length } = config.routes;
  return print(`${file} is good: ${length} ${length === 1 ? 'route' : 'routes'}.\n`);
}

/** A gateway that is stopping is not to be killed by a reload that comes too late. */
function ignore(): void {}

/** Reads the file again and puts it in force. Whatever is wrong with it is logged, and the old one goes on. */
async function reloadFrom(file: string, gateway: Gateway, logger: Logger): Promise<void> {
  try {
    const { kept } = await gateway.reload(() => loadConfig(file));
    const routes = gateway.config.routes.length;
    if (kept.length === 0) logger.info({ file, routes }, 'the configuration was reloaded');
    else
      logger.warn({ file, routes, kept }, 'the configuration was reloaded; what is listed needs a restart');
  } catch (error) {
    if (error instanceof ConfigError)
      logger.error({ file, issues: error.issues }, 'the configuration was not reloaded: it cannot be used');
    else logger.error({ file, error }, 'the configuration was not reloaded');
  }
}

/** Resolves at the next SIGINT or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      process.off('SIGINT', wake).off('SIGTERM', wake);
      resolve();
    };
    process.on('SIGINT', wake).on('SIGTERM', wake);
  });
}

function readLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(text: string, exitCode: number): number {
  process.stderr.write(`${text}\n`);
  return exitCode;
}
