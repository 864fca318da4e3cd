import { Command } from 'commander';
import { expect, it } from 'vitest';
import { registerPay } from '../commands/pay-group.js';
import { registerWallet } from '../commands/wallet-group.js';

/** Every command below one, with the words that call it. */
function walk(command: Command, words: string): { words: string; command: Command }[] {
  return [
    { words, command },
    ...command.commands.flatMap((child) => walk(child, `${words} ${child.name()}`)),
  ];
}

const program = new Command('farebox');
registerWallet(program);
registerPay(program);
const commands = program.commands.flatMap((command) => walk(command, `farebox ${command.name()}`));

it.each(commands.map(({ words, command }) => [words, command] as const))(
  '%s has examples of itself',
  (words, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain('Examples:');
    expect(help).toContain(words);
  },
);

it('no option takes a secret: all of them are read from a file or a descriptor', () => {
  const options = commands.flatMap(({ command }) => command.options);
  const secret = /passphrase|phrase|macaroon|rune|password|connection|secret|key(?!-)/;
  const valued = options.filter(
    ({ long, required, optional }) => (required || optional) && secret.test(long ?? ''),
  );
  expect(valued.length).toBeGreaterThan(5);
  expect(valued.map(({ long }) => long).filter((long) => !/-(?:fd|file)$/.test(long ?? ''))).toEqual([]);
});
