import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

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
  /** Certificates of nodes, as the vault has them. */
  readonly certificates: string;
  /** A folder in memory for the session of an unlocked vault; undefined where this machine has none. */
  readonly sessions: string | undefined;
}

/** Finds the home folder. Creates nothing. */
export function findHome(env: NodeJS.ProcessEnv = process.env): Home {
  const given = env.FAREBOX_HOME;
  const directory = given === undefined || given === '' ? join(homedir(), '.farebox') : resolve(given);
  return {
    directory,
    journal: join(directory, 'journal.db'),
    devnetFile: join(directory, 'devnet.json'),
    devnetDirectory: join(directory, 'devnet'),
    tempoKey: join(directory, 'tempo-key.json'),
    tempoLeases: join(directory, 'tempo-leases'),
    vault: join(directory, 'vault.age'),
    payers: join(directory, 'payers.db'),
    certificates: join(directory, 'certificates'),
    sessions: env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'farebox') : undefined,
  };
}
