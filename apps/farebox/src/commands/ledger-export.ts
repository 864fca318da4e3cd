import type { BooksFilter, Entry, LedgerReader } from '@farebox/ledger';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.js';
import { BeancountWriter } from '../ledger/beancount.js';
import { csvEntry, csvHeader } from '../ledger/csv.js';
import { showPeriod } from '../ledger/moments.js';
import { withReader } from '../ledger/open.js';
import { createProgress, type ProgressStream } from '../ledger/progress.js';
import { fileSink, type Sink, streamSink } from '../ledger/sink.js';
import { findTarget } from '../ledger/source.js';
import { viewEntry } from '../ledger/views.js';
import { stringify } from '../output.js';
import {
  type FilterOptions,
  type LedgerOptions,
  readFilter,
  withPeriodOptions,
  withPlaceOptions,
  withSourceOptions,
} from './ledger-options.js';

const formats = ['csv', 'json', 'beancount'] as const;

interface ExportOptions extends LedgerOptions, FilterOptions {
  readonly format: (typeof formats)[number];
  readonly output?: string;
  readonly open: boolean;
}

/** Adds `farebox ledger export`. */
export function registerLedgerExport(ledger: Command): void {
  const command = ledger
    .command('export')
    .description('the entries of the books for other programs: CSV, JSON Lines or Beancount')
    .addOption(new Option('--format <format>', 'the format').choices(formats).makeOptionMandatory())
    .option('-o, --output <file>', 'a file, written whole or not at all, instead of stdout')
    .option('--no-open', 'Beancount: without open and commodity directives');
  withPlaceOptions(withPeriodOptions(withSourceOptions(command)))
    .addHelpText(
      'after',
      `
CSV is RFC 4180 with a header; JSON is one entry a line. A large ledger takes no more memory than a small one.

Examples:
  farebox ledger export --format csv --from 2026-01-01 --until 2026-02-01 -o january.csv
  farebox ledger export --format beancount -o books.beancount && bean-check books.beancount
  farebox ledger export --format json | jq -r 'select(.credit == "revenue") | .amount'`,
    )
    .action(run);
}

/** How a format writes. */
interface Writer {
  readonly head: string;
  entry(entry: Entry): string;
}

function createWriter({ format, open }: ExportOptions, filter: BooksFilter): Writer {
  switch (format) {
    case 'csv':
      return { head: csvHeader, entry: csvEntry };
    case 'json':
      return { head: '', entry: (entry) => `${stringify(viewEntry(entry))}\n` };
    case 'beancount': {
      const writer = new BeancountWriter(open);
      return {
        head: `; Farebox, ${showPeriod(filter)}; days are UTC\n\n`,
        entry: (entry) => writer.entry(entry),
      };
    }
  }
}

async function run(options: ExportOptions): Promise<void> {
  if (!options.open && options.format !== 'beancount')
    throw usageError('--no-open is for --format beancount; leave it out.');
  const filter = readFilter(options, Date.now());
  const target = await findTarget(options);
  await withReader(target, async (reader) => {
    const { output } = options;
    const sink = output === undefined ? streamSink(process.stdout) : await fileSink(output);
    // Rows on the terminal and a line of progress would write into each other.
    const quiet = output === undefined && process.stdout.isTTY === true;
    await exportEntries(reader, filter, createWriter(options, filter), sink, {
      isTTY: process.stderr.isTTY && !quiet,
      write: (text) => process.stderr.write(text),
    });
  });
}

async function exportEntries(
  reader: LedgerReader,
  filter: BooksFilter,
  writer: Writer,
  sink: Sink,
  stream: ProgressStream,
): Promise<void> {
  const about = `in a ledger of about ${await reader.size()} claims`;
  const progress = createProgress(stream, 'entries', about);
  try {
    let wanted = await sink.write(writer.head);
    for await (const entry of reader.entries(filter)) {
      if (!wanted) break;
      wanted = await sink.write(writer.entry(entry));
      progress.step();
    }
    await sink.finish();
  } finally {
    progress.end();
    await sink.abandon();
  }
}
