import type { Command } from 'commander';

/** Options of every keys command. */
export interface KeysOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** Adds what says whose keys are meant. */
export function withKeysOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the store of keys', 'farebox.yaml')
    .option('--json', 'one JSON object on stdout');
}
