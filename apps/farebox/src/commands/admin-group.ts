import type { Command } from 'commander';
import { registerAdminBooks } from './admin-books.js';
import { registerAdminGateway } from './admin-gateway.js';

/** Adds `farebox admin` and its commands. */
export function registerAdmin(program: Command): void {
  const admin = program
    .command('admin')
    .description('a running gateway, through its admin API: routes, keys, claims, revenue, state')
    .addHelpText(
      'after',
      `
Examples:
  farebox admin state
  farebox admin revenue --by day --from 7d
  farebox admin claims --state released,unknown
  farebox admin routes --url http://10.0.0.5:8403 --token-file admin.token --json

The admin API is on where farebox.yaml says admin: { token_file: admin.token }.

Exit codes:
  0 done        2 usage, or a configuration that cannot be used
  1 refused     3 the admin API does not answer`,
    );
  registerAdminGateway(admin);
  registerAdminBooks(admin);
}
