import type { GatewayConfig } from '../config/config.js';
import type { Activity } from '../exchange/exchange.js';
import type { Health } from '../health.js';
import type { KeyStore } from '../keys/store.js';
import type { Logger } from '../log.js';
import type { Meter } from '../metrics/meter.js';
import type { LedgerReading } from './ledger-reader.js';

/** What the admin API tells of, and works on. */
export interface AdminParts {
  /** The configuration that is in force. */
  readonly config: () => GatewayConfig;
  readonly health: Health;
  readonly meter: Meter;
  readonly activity: Pick<Activity, 'size'>;
  /** Undefined while nothing is sold by key. */
  readonly keys: () => KeyStore | undefined;
  /** Undefined: the ledger is in this process's memory, where nobody else can read it. */
  readonly reading: LedgerReading | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}
