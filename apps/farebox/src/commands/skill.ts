import type { Command } from 'commander';

/** Adds `farebox skill`. */
export function registerSkill(program: Command): void {
  program
    .command('skill')
    .description('print SKILL.md, which tells an agent how to use this command; made from the command tree')
    .addHelpText(
      'after',
      `
Examples:
  farebox skill > SKILL.md`,
    )
    .action(async () => {
      const [{ writeSkill }, { readTree }, { readVersion }] = await Promise.all([
        import('../help/skill.js'),
        import('../help/tree.js'),
        import('../main.js'),
      ]);
      process.stdout.write(writeSkill(readVersion(), readTree(program)));
    });
}
