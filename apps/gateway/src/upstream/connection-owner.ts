import type { Call } from './call.js';
import type { Connection } from './connection.js';

/** How long a connection may take for what. */
export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** For a whole exchange, without the pauses of its sink; Infinity: as long as it moves. */
  readonly totalTimeoutMs: number;
}

/** Who keeps the connections. */
export interface ConnectionOwner {
  /** It can take a call. `isNew`: it has just been connected. */
  free(connection: Connection, isNew: boolean): void;
  /** It is gone. `unsent`: the call that it had taken and not written. `failure`: why it never came to be. */
  gone(connection: Connection, unsent: Call | undefined, failure: Error | undefined): void;
}
