import type { BooksFilter, ClaimState } from '@farebox/ledger';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../cli-error.js';
import { parseMoment } from '../ledger/moments.js';
import type { SourceOptions } from '../ledger/source.js';

/** Options of every ledger command. */
export interface LedgerOptions extends SourceOptions {
  readonly json?: boolean;
}

/** Options that choose claims or entries. */
export interface FilterOptions {
  readonly from?: string;
  readonly until?: string;
  readonly route?: string;
  readonly method?: string;
  readonly state?: readonly ClaimState[];
}

/** What the exit codes of the ledger commands mean, for help texts. */
export const ledgerExitCodeHelp = `
Exit codes:
  0 done; the books agree       2 usage, or a configuration that cannot be used
  1 failed, or differences      3 the database or the node does not answer`;

/** The rule of JSON, for help texts. */
export const ledgerJsonHelp = `
--json prints one JSON object; what is a list without an end (entries, claims, reconcile, export --format json) is JSON
Lines instead, one object a line. Amounts are strings of whole base units, and times are UTC.`;

/** Adds what says which ledger is meant. */
export function withSourceOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the ledger', 'farebox.yaml')
    .option('--ledger <target>', 'the ledger itself: sqlite:<path> or postgres://host/database')
    .option('--ledger-schema <name>', 'the PostgreSQL schema that holds it (default: farebox)');
}

/** Adds a period. */
export function withPeriodOptions(command: Command, fromDefault = 'the beginning'): Command {
  const forms = '2026-01-31, 2026-01-31T12:00, or 24h for that long ago';
  return command
    .option('--from <time>', `from then on, in UTC: ${forms} (default: ${fromDefault})`)
    .option('--until <time>', 'before then, likewise (default: now)');
}

/** Adds a route and a payment method. */
export function withPlaceOptions(command: Command): Command {
  return command
    .option('--route <route>', 'only this route, as it is named: "GET /v1/bitcoin/*"')
    .option('--method <name>', 'only this payment method: lightning, tempo');
}

/** Adds the states of claims, given with commas or several times. */
export function withStateOption(command: Command, states: readonly ClaimState[]): Command {
  const collect = (text: string, before: readonly ClaimState[] = []): readonly ClaimState[] => {
    const chosen = text.split(',').map((word) => {
      const state = states.find((known) => known === word.trim());
      if (state === undefined) throw new InvalidArgumentError(`A state is one of ${states.join(', ')}.`);
      return state;
    });
    return [...before, ...chosen];
  };
  return command.option('--state <states>', 'only claims in these states, with commas between', collect);
}

/**
 * What the options choose.
 *
 * @throws {CliError} for what is no time, or a period that ends before it begins
 */
export function readFilter(options: FilterOptions, nowMs: number): BooksFilter {
  const { route, method, state } = options;
  const fromMs = readMoment('--from', options.from, nowMs);
  const untilMs = readMoment('--until', options.until, nowMs);
  if (fromMs !== undefined && untilMs !== undefined && fromMs >= untilMs) {
    throw usageError('--from must be before --until: the period is empty.');
  }
  return {
    ...(fromMs !== undefined && { fromMs }),
    ...(untilMs !== undefined && { untilMs }),
    ...(route !== undefined && { route }),
    ...(method !== undefined && { method }),
    ...(state !== undefined && { states: state }),
  };
}

function readMoment(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseMoment(text, nowMs);
  if (ms !== undefined) return ms;
  throw usageError(
    `${option} is a date (2026-01-31), a time (2026-01-31T12:00, UTC) or a duration for that long ago (24h).`,
  );
}
