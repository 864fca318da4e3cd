import type { Command } from 'commander';

/** Options of every admin command. */
export interface AdminOptions {
  readonly config: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** Adds what says which gateway is meant. */
export function withAdminOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the admin API', 'farebox.yaml')
    .option('--url <origin>', 'the admin API itself: http://127.0.0.1:8403')
    .option('--token-file <file>', 'its token (default: $FAREBOX_ADMIN_TOKEN, or as the configuration says)')
    .option('--json', 'the answer of the admin API, one JSON object on stdout');
}
