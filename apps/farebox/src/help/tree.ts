import type { Command, Option } from 'commander';

/** One option of a command. */
export interface OptionLeaf {
  /** `-o, --output <path>` */
  readonly flags: string;
  readonly description: string;
}

/** One command, as the help knows it. */
export interface CommandLeaf {
  /** Words after the program's name; empty for the program itself. */
  readonly path: string;
  /** `[options] <url>` */
  readonly usage: string;
  readonly description: string;
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionLeaf[];
  /** What stands below the options: remarks, examples, exit codes. */
  readonly after: string;
  /** True where it has commands of its own. */
  readonly group: boolean;
}

/** Every command of a tree, parents before children, in the order of the help. */
export function readTree(command: Command, path = ''): readonly CommandLeaf[] {
  const below = command.commands.flatMap((child) => readTree(child, `${path} ${child.name()}`.trim()));
  return [readLeaf(command, path), ...below];
}

function readLeaf(command: Command, path: string): CommandLeaf {
  return {
    path,
    usage: command.usage(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
    })),
    options: command.options.filter(({ hidden }) => !hidden).map(readOption),
    after: readAfter(command),
    group: command.commands.length > 0,
  };
}

function readOption(option: Option): OptionLeaf {
  const { flags, description, defaultValue, argChoices } = option;
  const choices = argChoices === undefined ? '' : ` (one of: ${argChoices.join(', ')})`;
  const said = /\(default:/.test(description) || option.negate || option.isBoolean();
  const preset = defaultValue === undefined || said ? '' : ` (default: ${String(defaultValue)})`;
  return { flags, description: `${description}${choices}${preset}` };
}

/** The help writes it by events: what is written beyond the information itself is it. */
function readAfter(command: Command): string {
  let written = '';
  const before = command.configureOutput();
  command.configureOutput({
    ...before,
    writeOut: (text) => {
      written += text;
    },
  });
  command.outputHelp();
  command.configureOutput(before);
  const information = command.helpInformation();
  return written.startsWith(information) ? written.slice(information.length).trim() : '';
}

/** Examples apart from everything else that stands below the options. */
export function splitAfter(after: string): {
  readonly remarks: string;
  readonly examples: string;
  readonly codes: string;
} {
  const [beforeCodes = '', codes = ''] = after.split(/^Exit codes:\s*/m);
  const [remarks = '', ...examples] = beforeCodes.split(/^Examples:\n/m);
  return { remarks: remarks.trim(), examples: examples.join('').replace(/\s+$/, ''), codes: codes.trim() };
}
