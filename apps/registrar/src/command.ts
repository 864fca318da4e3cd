import type { Command } from 'commander';

interface ConfigOption {
  readonly config: string;
}

const HELP = `
Examples:
  farebox devnet --tempo                    in another terminal: worthless coins to try everything with
  farebox registrar init                    writes registrar.yaml
  farebox registrar                         sells what registrar.yaml says
  farebox registrar reconcile               asks the registry about orders whose outcome is not known
  farebox registrar credit agt_… 5.20       puts dollars on an agent's prepaid balance
  farebox registrar zone agent              prints a namespace's zone as a master file

reconcile, credit and zone work on the registrar's store, also while it runs.
Exit codes: 0 done · 1 it could not be done · 2 usage, or a configuration that cannot be used.`;

/** Adds `farebox registrar` and its commands to a program. What they need is loaded when they run. */
export function registerRegistrar(program: Command): void {
  const registrar = program
    .command('registrar')
    .summary('sell domain names to agents')
    .description('Runs a domain registrar: names sold over Tempo and Lightning, served by DNS and HTTP.')
    .option('-c, --config <file>', 'configuration', 'registrar.yaml')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal, silent', 'info')
    .addHelpText('after', HELP)
    .action(async (options: ConfigOption & { readonly logLevel: string }) => {
      process.exitCode = await (await import('./commands/serve.js')).serveRegistrar(
        options.config,
        options.logLevel,
      );
    });
  const example = (line: string) => `\nExamples:\n  ${line}`;
  const config = () => registrar.opts<ConfigOption>().config;
  registrar
    .command('init')
    .description('writes an example configuration, unless there is one')
    .addHelpText('after', example('farebox registrar init'))
    .action(async () => {
      process.exitCode = await (await import('./commands/init.js')).initRegistrar(config());
    });
  registrar
    .command('reconcile')
    .description(
      'asks the registry what became of every order whose outcome is not known; nothing happens twice',
    )
    .addHelpText('after', example('farebox registrar reconcile'))
    .action(async () => {
      process.exitCode = await (await import('./commands/reconcile.js')).reconcileCommand(config());
    });
  registrar
    .command('credit')
    .argument('<agent>', 'agt_…')
    .argument('<usd>', 'dollars, like 5.20')
    .description("puts dollars on an agent's prepaid balance")
    .addHelpText('after', example('farebox registrar credit agt_0123456789abcdef0123 5.20'))
    .action(async (agent: string, usd: string) => {
      process.exitCode = await (await import('./commands/credit.js')).creditCommand(config(), agent, usd);
    });
  registrar
    .command('zone')
    .argument('<namespace>')
    .description("prints a namespace's zone as a master file")
    .addHelpText('after', example('farebox registrar zone agent > agent.zone'))
    .action(async (namespace: string) => {
      process.exitCode = await (await import('./commands/zone.js')).zoneCommand(config(), namespace);
    });
}
