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
  [
    'FAREBOX_PASSPHRASE, FAREBOX_NEW_PASSPHRASE, FAREBOX_PHRASE, FAREBOX_CREDENTIAL',
    "opens the vault; its next passphrase; the words to restore it from; a node's credential. The same with _FILE, such as FAREBOX_PASSPHRASE_FILE, names a file that only you can read",
  ],
  [
    'FAREBOX_TEMPO_RPC, FAREBOX_TEMPO_CHAIN, FAREBOX_TEMPO_TOKENS',
    'where and with what Tempo payments are made',
  ],
  [
    'FAREBOX_REGISTRAR, FAREBOX_REGISTRAR_KEY, FAREBOX_REGISTRAR_KEY_FILE',
    'the registrar that farebox domains asks, and the agent key there',
  ],
  [
    'FAREBOX_SECRET',
    'signs the challenges of farebox serve and farebox registrar; at least 32 bytes, before secret_file',
  ],
  [
    'FAREBOX_NODE_KIND, FAREBOX_NODE_URL, FAREBOX_NODE_...',
    'the Lightning node of farebox serve, each key of lightning.node in capitals; FAREBOX_NODE_RUNE_FILE names a file with the credential',
  ],
  ['FAREBOX_ADMIN_TOKEN', 'the token of the admin API'],
  ['FAREBOX_LOG', 'the log level of farebox serve'],
  ['XDG_RUNTIME_DIR', 'a folder in memory, where farebox wallet unlock keeps its session'],
  ['FAREBOX_DEBUG', 'set to 1, shows where something broke that should not'],
  ['NO_COLOR', 'no colours, even on a terminal'],
];

const files: readonly (readonly [string, string])[] = [
  ['$FAREBOX_HOME/policy.yaml', 'what may be spent'],
  ['$FAREBOX_HOME/journal.db', 'every payment, before, while and after it is made'],
  ['$FAREBOX_HOME/payers.db', 'which node was asked to pay which invoice'],
  ['$FAREBOX_HOME/answers', 'paid answers that have not been handed on yet'],
  ['$FAREBOX_HOME/vault.age', 'node credentials and keys, encrypted'],
  ['$FAREBOX_HOME/certificates', 'certificates of nodes, as the vault has them'],
  ['$FAREBOX_HOME/tempo-key.json', 'the Tempo key'],
  ['$FAREBOX_HOME/tempo-leases', 'which process may register the Tempo key with its payment'],
  ['$FAREBOX_HOME/registrars', 'agent keys, one file a registrar'],
  ['$FAREBOX_HOME/devnet.json, $FAREBOX_HOME/devnet', 'where the devnet is, and its state'],
  ['$FAREBOX_HOME/origins.txt', 'whom farebox pay api asks, one origin a line'],
  ['farebox.yaml', 'what a gateway sells'],
  ['registrar.yaml', 'what a registrar sells'],
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
