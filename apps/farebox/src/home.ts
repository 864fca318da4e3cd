import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { usageError } from './cli-error.js';

/** Where Farebox keeps what it has to remember on this machine. */
export interface Home {
  /** `$FAREBOX_HOME`, or `~/.farebox`. */
  readonly directory: string;
  /** The wallet's journal. */
  readonly journal: string;
  /** Written by `farebox devnet`, read by whoever pays or sells on it. */
  readonly devnetFile: string;
  /** The devnet's state. */
  readonly devnetDirectory: string;
  /** The Tempo key, mode 0600. */
  readonly tempoKey: string;
  /** Which process may register the Tempo key with its payment. */
  readonly tempoLeases: string;
  /** The vault, encrypted. */
  readonly vault: string;
  /** Which node was asked to pay which invoice. */
  readonly payers: string;
  /** Paid answers that are still to be handed on, and those of the MCP server. */
  readonly answers: string;
  /** Certificates of nodes, as the vault has them. */
  readonly certificates: string;
  /** A folder in memory for the session of an unlocked vault; undefined where this machine has none. */
  readonly sessions: string | undefined;
}

/** Finds the home folder. Creates nothing. Throws a usage error where this user has none. */
export function findHome(env: NodeJS.ProcessEnv = process.env): Home {
  const given = env.FAREBOX_HOME;
  const directory = given === undefined || given === '' ? join(ownHome(), '.farebox') : resolve(given);
  return {
    directory,
    journal: join(directory, 'journal.db'),
    devnetFile: join(directory, 'devnet.json'),
    devnetDirectory: join(directory, 'devnet'),
    tempoKey: join(directory, 'tempo-key.json'),
    tempoLeases: join(directory, 'tempo-leases'),
    vault: join(directory, 'vault.age'),
    payers: join(directory, 'payers.db'),
    answers: join(directory, 'answers'),
    certificates: join(directory, 'certificates'),
    sessions: env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'farebox') : undefined,
  };
}

/** A container may run under a number that is nobody's: without HOME, there is no folder to be found then. */
function ownHome(): string {
  try {
    return homedir();
  } catch {
    throw usageError(
      'This user has no home folder; set FAREBOX_HOME to the folder where Farebox is to keep its files.',
    );
  }
}
