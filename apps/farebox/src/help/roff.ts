import { type CommandLeaf, splitAfter } from './tree.js';

/** What is said of the program beside its commands. */
export interface ManPage {
  readonly version: string;
  readonly tree: readonly CommandLeaf[];
}

/**
 * The manual page, in the man macros of roff, made from the command tree: `farebox man | man -l -`.
 */
export function writeManPage({ version, tree }: ManPage): string {
  const [root, ...commands] = tree;
  const lines = [
    `.TH FAREBOX 1 "" "farebox ${version}" "User Commands"`,
    '.SH NAME',
    `farebox \\- ${inline(root?.description ?? '')}`,
    '.SH SYNOPSIS',
    '.B farebox',
    '.I command',
    '.RI [ option " ...]"',
    '.SH DESCRIPTION',
    ...paragraphs(
      'Programs get one JSON object on stdout, and errors as one on stderr: with --json, and of the paying commands whenever stdout is no terminal. farebox schema says what is in them.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap(writeCommand),
    '.SH ENVIRONMENT',
    ...writeTerms(environment),
    '.SH FILES',
    ...writeTerms(files),
    '.SH EXIT STATUS',
    ...writeTerms(statuses),
    '',
  ];
  return lines.join('\n');
}

const environment: readonly (readonly [string, string])[] = [
  ['FAREBOX_HOME', 'where the wallet keeps what it has to remember; ~/.farebox when not set'],
  ['FAREBOX_PASSPHRASE', 'opens the vault'],
  [
    'FAREBOX_TEMPO_RPC, FAREBOX_TEMPO_CHAIN, FAREBOX_TEMPO_TOKENS',
    'where and with what Tempo payments are made',
  ],
  ['FAREBOX_DEBUG', 'set to 1, shows where something broke that should not'],
  ['NO_COLOR', 'no colours, even on a terminal'],
];

const files: readonly (readonly [string, string])[] = [
  ['$FAREBOX_HOME/policy.yaml', 'what may be spent'],
  ['$FAREBOX_HOME/journal.db', 'every payment, before, while and after it is made'],
  ['$FAREBOX_HOME/vault.age', 'node credentials and keys, encrypted'],
  ['$FAREBOX_HOME/origins.txt', 'whom farebox pay api asks, one origin a line'],
  ['farebox.yaml', 'what a gateway sells'],
];

const statuses: readonly (readonly [string, string])[] = [
  ['0', 'delivered, previewed, or done'],
  ['1', 'failed; nothing was spent'],
  ['2', 'the command was not understood; nothing was done'],
  ['3', 'the network failed; nothing was spent'],
  ['4', 'the payment failed: nobody was paid, at most a fee was spent'],
  ['5', 'refused by a limit or a safety rule; nothing was spent'],
  ['6', 'the outcome is not known: farebox pay resume'],
  ['7', 'paid and not delivered: a credit, farebox pay resume'],
];

function writeCommand(leaf: CommandLeaf): readonly string[] {
  const { remarks, examples, codes } = splitAfter(leaf.after);
  const lines = [`.SS "farebox ${inline(leaf.path)} ${inline(leaf.usage)}"`, ...paragraphs(leaf.description)];
  for (const { name, description } of leaf.arguments)
    lines.push('.TP', `.I ${inline(name)}`, ...text(description));
  for (const { flags, description } of leaf.options)
    lines.push('.TP', `.B ${inline(flags)}`, ...text(description));
  if (remarks !== '') lines.push(...paragraphs(remarks));
  if (examples !== '') lines.push('.PP', '.nf', ...text(examples), '.fi');
  // The codes of the paying commands stand once, at the end.
  if (codes !== '' && !codes.includes('0 delivered or previewed'))
    lines.push('.PP', ...text(`Exit codes: ${codes}`));
  return lines;
}

function writeTerms(terms: readonly (readonly [string, string])[]): readonly string[] {
  return terms.flatMap(([name, description]) => ['.TP', `.B ${inline(name)}`, ...text(description)]);
}

function paragraphs(prose: string): readonly string[] {
  return ['.PP', ...text(prose)];
}

/** Lines of text: a dot or an apostrophe at the beginning of a line would be a command. */
function text(prose: string): readonly string[] {
  return prose.split('\n').map((line) => {
    const escaped = plain(line);
    if (escaped.trim() === '') return '.PP';
    return /^\s*[.']/.test(escaped) ? `\\&${escaped}` : escaped;
  });
}

/** Text within a line of a macro: on one line, without quotation marks. */
function inline(prose: string): string {
  return plain(prose.replace(/\s+/g, ' ')).replaceAll('"', '\\(dq');
}

/** Characters that mean something to roff, and those that are not in ASCII. */
function plain(prose: string): string {
  return prose
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\n\t -~]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
