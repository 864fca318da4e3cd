import type { Branch } from './completion.js';

/** Inside single quotes of a shell script. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Every option that takes one of a few values, with its command before it: `pay request --method`. */
function valuesOf(tree: readonly Branch[]) {
  return tree.flatMap(({ path, values }) =>
    values.map(({ option, choices }) => ({
      path,
      option,
      place: `${path} ${option}`,
      choices: choices.join(' '),
    })),
  );
}

/** The completion script of bash. */
export function bashScript(tree: readonly Branch[]): string {
  const cases = tree.map(
    ({ path, words }) => `    ${quote(path)}) words=${quote(words.map(({ word }) => word).join(' '))} ;;`,
  );
  const values = valuesOf(tree).map(
    ({ place, choices }) => `    ${quote(place)}) words=${quote(choices)} ;;`,
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
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _farebox farebox
`;
}

/** The completion script of zsh. */
export function zshScript(tree: readonly Branch[]): string {
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  const cases = tree.map(({ path, words }) => {
    const list = words
      .map(({ word, description }) => quote(`${escaped(word)}:${escaped(description)}`))
      .join(' ');
    return `    ${quote(path)}) list=(${list}) ;;`;
  });
  const values = valuesOf(tree).map(({ place, choices }) => `    ${quote(place)}) list=(${choices}) ;;`);
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
  case "$farebox_path \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  _describe 'farebox' list || _files
}
if [ "$funcstack[1]" = "_farebox" ]; then _farebox "$@"; else compdef _farebox farebox; fi
`;
}

/** The completion script of fish. */
export function fishScript(tree: readonly Branch[]): string {
  const lines = tree.flatMap(({ path, words, values }) =>
    words.map(({ word, description }) => {
      const choices = values.find(({ option }) => option === word)?.choices;
      const flag = word.startsWith('--')
        ? `-l ${word.slice(2)}`
        : word.startsWith('-')
          ? `-s ${word.slice(1)}`
          : `-f -a ${word}`;
      const one = choices === undefined ? '' : ` -x -a ${quote(choices.join(' '))}`;
      return `complete -c farebox -n ${quote(`__farebox_at ${quote(path)}`)} ${flag}${one} -d ${quote(description)}`;
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
