import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fullPlan, type Plan, quickPlan } from './effort.js';

/** What the command line asks for. */
export type Wish =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly plan: Plan; readonly json: boolean }
  | { readonly kind: 'misuse'; readonly detail: string };

/** `--help`. */
export const help = `Usage: npm run bench -- [options]

Measures, in turns and in one run on loopback: a bare undici proxy, the Farebox gateway (free route, 402, paid route
with its durable ledger), and mppx doing the same. Prints CPU time per request and ratios with their spread.
Ratios are what to quote; microseconds and requests per second are this machine's.

  --quick              fewer and shorter rounds, under 50 seconds
  --rounds <n>         rounds (${fullPlan.rounds}; quick: ${quickPlan.rounds})
  --connections <n>    connections of the load generator (${fullPlan.connections})
  --profile <folder>   write a CPU profile of every server there; the figures are then worth nothing
  --json               print one JSON object and nothing else (npm run --silent bench -- --json)
  --help               this

Exits with 0 whatever the ratios are, and with 1 when an answer or a count is wrong.`;

const roundsMax = 100;
const connectionsMax = 1_024;

/** Reads the command line. */
export function readCommandLine(args: readonly string[]): Wish {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { kind: 'misuse', detail: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { kind: 'help' };
  const base = values.quick ? quickPlan : fullPlan;
  const rounds = values.rounds === undefined ? base.rounds : Number(values.rounds);
  if (!isCount(rounds, roundsMax)) return misuse('rounds', roundsMax);
  const connections = values.connections === undefined ? base.connections : Number(values.connections);
  if (!isCount(connections, connectionsMax)) return misuse('connections', connectionsMax);
  const profileDirectory = values.profile === undefined ? undefined : resolve(values.profile);
  return { kind: 'run', json: values.json, plan: { ...base, rounds, connections, profileDirectory } };
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      connections: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  return values;
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

function misuse(name: string, most: number): Wish {
  return { kind: 'misuse', detail: `--${name} is a whole number from 1 to ${most}.` };
}
