import type { Command } from 'commander';

/** Puts examples below a command's options, where `man` and the completions find them (`tree.ts`). */
export function withExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
