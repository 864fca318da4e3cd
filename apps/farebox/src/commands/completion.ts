import { Argument, type Command, type Option } from 'commander';
import { bashScript, fishScript, zshScript } from './completion-scripts.js';

const shells = ['bash', 'zsh', 'fish'] as const;

/** Adds `farebox completion`. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print the completion script of a shell, made from the command tree')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  farebox completion bash > ~/.local/share/bash-completion/completions/farebox
  farebox completion zsh > "\${fpath[1]}/_farebox"
  farebox completion fish > ~/.config/fish/completions/farebox.fish`,
    )
    .action(async (shell: string) => {
      const { commandSchemas } = await import('../schemas/registry.js');
      const named = [...commandSchemas.map(({ command }) => command), 'error'];
      const tree = withSchemas(readTree(program), named);
      const script =
        shell === 'fish' ? fishScript(tree) : shell === 'zsh' ? zshScript(tree) : bashScript(tree);
      process.stdout.write(script);
    });
}

/** One command of the tree: its path, the words that may follow, and the values that its options take. */
export interface Branch {
  /** `''` at the top, then `pay`, `pay request` … */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
  readonly values: readonly { readonly option: string; readonly choices: readonly string[] }[];
}

function readTree(command: Command, path = ''): readonly Branch[] {
  const commands = command.commands.map((child) => ({
    word: child.name(),
    description: child.description(),
  }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((word) => ({ word, description })),
  );
  const options = command.options.flatMap((option) =>
    wordsOf(option).map((word) => ({ word, description: option.description })),
  );
  const help = { word: '--help', description: 'show help' };
  const values = command.options.flatMap((option) =>
    option.argChoices === undefined
      ? []
      : wordsOf(option).map((word) => ({ option: word, choices: option.argChoices ?? [] })),
  );
  const branch: Branch = { path, words: [...commands, ...choices, ...options, help], values };
  const below = command.commands.flatMap((child) => readTree(child, `${path} ${child.name()}`.trim()));
  return [branch, ...below];
}

function wordsOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((word) => word !== undefined);
}

/** `schema` is followed by the words of a command that has one, as if they were commands of its own. */
function withSchemas(tree: readonly Branch[], named: readonly string[]): readonly Branch[] {
  const below = new Map<string, Set<string>>();
  for (const command of named) {
    const words = command.split(' ');
    for (const [at, word] of words.entries()) {
      const path = ['schema', ...words.slice(0, at)].join(' ');
      below.set(path, (below.get(path) ?? new Set()).add(word));
    }
  }
  const more = [...below].map(([path, words]): Branch => {
    const known = tree.find((branch) => branch.path === path);
    const shown = [...words].map((word) => ({ word, description: 'what it writes with --json' }));
    return { path, words: [...shown, ...(known?.words ?? [])], values: [] };
  });
  return [...tree.filter(({ path }) => !below.has(path)), ...more];
}
