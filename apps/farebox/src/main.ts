import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CliError, usageError } from './cli-error.js';
import { commandModules } from './commands.js';
import { exitCodes } from './exit-codes.js';
import { reportCliError, writeError } from './output.js';

/** The version of this package. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  // Our own package.json.
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Runs the command line. Sets `process.exitCode`; never ends the process itself, so that output is written out.
 *
 * @param argv - As `process.argv`.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const words = argv.slice(2);
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  const complaints: string[] = [];
  let fault: NodeJS.ErrnoException | undefined;
  process.stdout.on('error', (error) => {
    fault ??= error;
  });
  try {
    const program = await buildProgram(words, complaints);
    await program.parseAsync(words, { from: 'user' });
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    if (fault && !process.exitCode) requireOutput(fault, words);
  } catch (error) {
    await reportFailure(error, words, complaints);
  }
}

/** Paying, or finishing a payment: what then breaks must not be called "nothing spent". */
function mayHaveSpent(words: readonly string[]): boolean {
  if (words[0] !== 'pay' && words[0] !== 'domains') return false;
  return words.includes('--yes') || words.includes('-y') || words[1] === 'resume';
}

/** A result that nobody got is no success. A reader that leaves early has seen enough, unless money was spent on it. */
function requireOutput(fault: NodeJS.ErrnoException, words: readonly string[]): void {
  const spent = mayHaveSpent(words);
  if (fault.code === 'EPIPE' && !spent) return;
  const next = spent
    ? 'look at what was done, before paying again, with: farebox pay history'
    : 'see that there is room for it, and run it again.';
  throw new CliError('output_failed', `The result could not be written out; ${next}`, {
    cause: fault,
    ...(spent && { exitCode: exitCodes.unknown, retry: 'resume' }),
  });
}

/** The command tree; of the top-level commands only the one that was named, when one was. */
async function buildProgram(words: readonly string[], complaints: string[]): Promise<Command> {
  const program = new Command('farebox');
  program
    .description('Sell any HTTP API for one satoshi a request, and pay for one. Paid means delivered.')
    .version(readVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void complaints.push(text) })
    .addHelpText(
      'after',
      `
Examples:
  farebox demo                                                    see one satoshi buy one request
  farebox serve --config farebox.yaml                             sell an API
  farebox pay request http://127.0.0.1:8402/v1/bitcoin/price      what would it cost?

Every command has --help with examples.`,
    );
  const named = commandModules.find(({ name }) => name === words[0]);
  // Completion, manual and skill are made from the whole tree; so are the help and the suggestions for a mistyped word.
  const needed = named === undefined || named.whole ? commandModules : [named];
  for (const { register } of needed) await register(program);
  return program;
}

/** Programs get one JSON object; the rule is that of the paying commands, whose users are programs. */
function wantsJson(words: readonly string[]): boolean {
  if (words.includes('--json')) return true;
  const raw = ['--body', '--plain'].some((flag) => words.includes(flag)) || words[1] === 'credential';
  return words[0] === 'pay' && process.stdout.isTTY !== true && !raw;
}

async function reportFailure(
  error: unknown,
  words: readonly string[],
  complaints: readonly string[],
): Promise<void> {
  const json = wantsJson(words);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return;
    process.exitCode = exitCodes.usage;
    const said = complaints.join('').trim();
    // Asked for nothing in particular: commander has written the help as a complaint.
    if (error.code === 'commander.help') process.stderr.write(`${said}\n`);
    else if (json)
      writeError(reportCliError(usageError(said.replace(/^error: /, '').replaceAll('\n', ' '))), json);
    else process.stderr.write(`${said}\nRun with --help to see what is possible.\n`);
    return;
  }
  if (error instanceof CliError) {
    process.exitCode = error.exitCode;
    writeError(reportCliError(error), json);
    return;
  }
  const { WalletError } = await import('@farebox/wallet');
  if (error instanceof WalletError) {
    const report = (await import('./views.js')).reportWalletError(error);
    process.exitCode = report.exitCode;
    writeError(report, json);
    return;
  }
  // "Nothing spent" would be a guess where a payment may have been under way.
  const paying = mayHaveSpent(words);
  const exitCode = paying ? exitCodes.unknown : exitCodes.failed;
  process.exitCode = exitCode;
  // Only our own sentence: a foreign message could contain anything.
  const name = error instanceof Error ? error.name : 'unknown';
  const next = paying ? ' Then finish what was under way: farebox pay resume --all' : '';
  const message = `Something broke that should not (${name}). Set FAREBOX_DEBUG=1 to see where.${next}`;
  writeError(
    reportCliError(
      new CliError('internal', message, { cause: error, exitCode, retry: paying ? 'resume' : 'safe' }),
    ),
    json,
  );
  if (process.env.FAREBOX_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
