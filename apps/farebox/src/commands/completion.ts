import { Argument, type Command } from 'commander';

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
    .action((shell: string) => {
      const tree = readTree(program);
      const script =
        shell === 'fish' ? fishScript(tree) : shell === 'zsh' ? zshScript(tree) : bashScript(tree);
      process.stdout.write(script);
    });
}

/** One command of the tree: its path, and the words that may follow. */
interface Branch {
  /** `''` at the top, then `pay`, `pay request` … */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

function readTree(command: Command, path = ''): readonly Branch[] {
  const commands = command.commands.map((child) => ({
    word: child.name(),
    description: child.description(),
  }));
  const options = command.options.flatMap(({ short, long, description }) =>
    [short, long].filter((word) => word !== undefined).map((word) => ({ word, description })),
  );
  const help = { word: '--help', description: 'show help' };
  const branch: Branch = { path, words: [...commands, ...options, help] };
  const below = command.commands.flatMap((child) => readTree(child, `${path} ${child.name()}`.trim()));
  return [branch, ...below];
}

/** Inside single quotes of a shell script. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bashScript(tree: readonly Branch[]): string {
  const cases = tree.map(
    ({ path, words }) => `    ${quote(path)}) words=${quote(words.map(({ word }) => word).join(' '))} ;;`,
  );
  return `# farebox completion for bash
_farebox() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case " ${tree
      .map(({ path }) => path.replaceAll(' ', '_'))
      .filter(Boolean)
      .join(' ')} " in
      *" \${path:+\${path// /_}_}\${word} "*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _farebox farebox
`;
}

function zshScript(tree: readonly Branch[]): string {
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  const cases = tree.map(({ path, words }) => {
    const list = words
      .map(({ word, description }) => quote(`${escaped(word)}:${escaped(description)}`))
      .join(' ');
    return `    ${quote(path)}) list=(${list}) ;;`;
  });
  return `#compdef farebox
_farebox() {
  local -a list known
  local farebox_path='' word
  known=(${tree.map(({ path }) => quote(path)).join(' ')})
  for word in \${words[2,CURRENT-1]}; do
    if (( \${known[(Ie)\${farebox_path:+$farebox_path }$word]} )); then farebox_path="\${farebox_path:+$farebox_path }$word"; fi
  done
  case "$farebox_path" in
${cases.join('\n')}
  esac
  _describe 'farebox' list || _files
}
if [ "$funcstack[1]" = "_farebox" ]; then _farebox "$@"; else compdef _farebox farebox; fi
`;
}

function fishScript(tree: readonly Branch[]): string {
  const lines = tree.flatMap(({ path, words }) =>
    words.map(({ word, description }) => {
      const flag = word.startsWith('--')
        ? `-l ${word.slice(2)}`
        : word.startsWith('-')
          ? `-s ${word.slice(1)}`
          : `-f -a ${word}`;
      return `complete -c farebox -n ${quote(`__farebox_at ${quote(path)}`)} ${flag} -d ${quote(description)}`;
    }),
  );
  return `# farebox completion for fish
function __farebox_at
    set -l known ${tree.map(({ path }) => quote(path)).join(' ')}
    set -l path ''
    for word in (commandline -opc)[2..]
        set -l longer (string trim -- "$path $word")
        contains -- $longer $known; and set path $longer
    end
    test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}
