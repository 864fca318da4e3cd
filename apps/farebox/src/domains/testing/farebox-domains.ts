// The whole command, with this group in it also where the table of commands does not name it yet.
import type { CommandModule } from '../../commands.js';
import { commandModules } from '../../commands.js';
import { main } from '../../main.js';

if (!commandModules.some(({ name }) => name === 'domains')) {
  const row: CommandModule = {
    name: 'domains',
    register: async (program) => (await import('../../commands/domains-group.js')).registerDomains(program),
  };
  // The table is read-only to everybody but its own file; this is a test's process, and the row is what that file gets.
  (commandModules as CommandModule[]).push(row);
}

await main(process.argv);
