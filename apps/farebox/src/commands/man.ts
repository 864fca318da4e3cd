import type { Command } from 'commander';

/** Adds `farebox man`. */
export function registerMan(program: Command): void {
  program
    .command('man')
    .description('print the manual page, made from the command tree')
    .addHelpText(
      'after',
      `
Examples:
  farebox man | man -l -
  farebox man > ~/.local/share/man/man1/farebox.1`,
    )
    .action(async () => {
      const [{ writeManPage }, { readTree }, { readVersion }] = await Promise.all([
        import('../help/roff.js'),
        import('../help/tree.js'),
        import('../main.js'),
      ]);
      process.stdout.write(writeManPage({ version: readVersion(), tree: readTree(program) }));
    });
}
