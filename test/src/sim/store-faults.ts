/**
 * What goes wrong at one operation of the ledger. Operations of one batch share its fate.
 *
 * fails           rejected, nothing on disk
 * ack-lost        on disk, and rejected all the same
 * slow            the disk hangs longer than the gate waits for a claim; then it is on disk and answered
 * late            the disk hangs longer than the ledger has patience: rejected; later it is on disk all the same
 * late-fails      the disk hangs as long, and then nothing is on disk
 * crash-asked     the process dies as it asks
 * crash-unsynced  the process dies before the batch is on disk
 * crash-synced    the process dies after it is on disk, before anyone is told
 */
export const faultKinds = [
  'fails',
  'ack-lost',
  'slow',
  'late',
  'late-fails',
  'crash-asked',
  'crash-unsynced',
  'crash-synced',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Longer than the gate waits for a claim (`claimTimeoutMsDefault`), shorter than a ledger's patience. */
export const diskSlowMs = 7_000;
/** How long the SQLite ledger waits for its disk before it refuses (`patienceMsDefault`). */
export const patienceMs = 10_000;
/** Longer than a ledger's patience. */
export const diskHangMs = 15_000;
