import type { JournalFilter, WalletOutcome } from '@farebox/wallet';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../cli-error.js';
import { methodOption } from '../commands/pay-options.js';
import { parseMoment } from '../ledger/moments.js';

/** Options that choose payments. */
export interface HistoryFilterOptions {
  readonly since?: string;
  readonly until?: string;
  readonly host?: string;
  readonly state?: readonly string[];
  readonly method?: string;
}

/** How a payment can stand, beside the states of the journal: in the words of the exit codes. */
const outcomes: readonly WalletOutcome[] = ['not-sent', 'refused', 'unknown', 'delivered', 'credit'];

/** Adds what chooses payments. */
export function withHistoryFilter(command: Command): Command {
  const forms = '2026-01-31, 2026-01-31T12:00, or 24h for that long ago';
  return command
    .option('--since <time>', `begun then or later, in UTC: ${forms}`)
    .option('--until <time>', 'begun before then, likewise')
    .option('--host <host>', 'only what was requested from this host')
    .option('--state <states>', 'only these states or outcomes, with commas between', collectStates)
    .addOption(methodOption('only this payment method'));
}

function collectStates(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((word) => word.trim())];
}

/** What was chosen. Throws a usage error for what is no time, no state, or an empty period. */
export async function readHistoryFilter(
  options: HistoryFilterOptions,
  nowMs: number,
): Promise<JournalFilter> {
  const { host, method, state } = options;
  const sinceMs = readMoment('--since', options.since, nowMs);
  const untilMs = readMoment('--until', options.until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw usageError('--since must be before --until: the period is empty.');
  }
  const standing = state && (await readStates(state));
  return { sinceMs, untilMs, host: host === undefined ? undefined : readHost(host), method, ...standing };
}

async function readStates(words: readonly string[]): Promise<Pick<JournalFilter, 'states' | 'outcomes'>> {
  const { isJournalState, journalStates } = await import('@farebox/wallet');
  const known = [...new Set([...outcomes, ...journalStates])].join(', ');
  const wanted = outcomes.filter((outcome) => words.includes(outcome));
  for (const word of words) {
    if (isJournalState(word) || outcomes.some((outcome) => outcome === word)) continue;
    throw usageError(`There is no state ${JSON.stringify(word.slice(0, 40))}; known: ${known}.`);
  }
  return { states: words.filter(isJournalState), outcomes: wanted };
}

function readMoment(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseMoment(text, nowMs);
  if (ms !== undefined) return ms;
  throw usageError(
    `${option} is a date (2026-01-31), a time (2026-01-31T12:00, UTC) or a duration for that long ago (24h).`,
  );
}

function readHost(text: string): string {
  try {
    return new URL(`https://${text}`).hostname.replace(/\.$/, '');
  } catch {
    throw usageError(`${JSON.stringify(text.slice(0, 80))} is no host; write it such as api.example.com.`);
  }
}

/** Reads a limit of a list. */
export function parseLimit(most: number): (text: string) => number {
  return (text) => {
    const limit = Number(text);
    if (Number.isSafeInteger(limit) && limit >= 1 && limit <= most) return limit;
    throw new InvalidArgumentError(`A whole number from 1 to ${most}.`);
  };
}
