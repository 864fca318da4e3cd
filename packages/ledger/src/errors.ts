/**
 * The caller asked for something that the ledger must never do. Unlike {@link LedgerUnavailable} it is not cured by
 * trying again: nothing was written, and nothing may be served.
 *
 * `ledger_conflict`: the claim is not in a state that allows the verb (see `transitions.ts`), or does not exist.
 * `ledger_request_invalid`: a field is out of its bounds (see `request-bounds.ts`), e.g. an amount above 2^63 - 1.
 */
export class LedgerMisuse extends Error {
  override readonly name = 'LedgerMisuse';
  readonly code: 'ledger_conflict' | 'ledger_request_invalid';
  readonly retry = 'never';

  constructor(code: LedgerMisuse['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What the ledger holds cannot be, e.g. a claim without an amount: a disk or a hand has changed it. Nothing was written. */
export class LedgerDamaged extends Error {
  override readonly name = 'LedgerDamaged';
  readonly code = 'ledger_corrupt';
  readonly retry = 'never';

  /** @param detail a sentence: what cannot be */
  constructor(detail: string, options?: ErrorOptions) {
    super(`The ledger is damaged: ${detail} Keep a copy of it, and restore it from a backup.`, options);
  }
}

/** Why a ledger could not be opened. */
export type LedgerOpenCode =
  | 'ledger_locked'
  | 'ledger_newer_schema'
  | 'ledger_foreign_file'
  | 'ledger_corrupt'
  | 'ledger_unopenable';

/**
 * The ledger could not be opened; the message says what to do.
 *
 * `ledger_locked`: another process has it. `ledger_newer_schema`: a newer Farebox wrote it. `ledger_foreign_file`: the
 * file is some other program's database. `ledger_corrupt`: what it holds cannot be (e.g. one payment twice).
 * `ledger_unopenable`: anything else, e.g. a missing folder or a read-only file; see `cause`.
 */
export class LedgerOpenError extends Error {
  override readonly name = 'LedgerOpenError';
  readonly code: LedgerOpenCode;
  readonly retry = 'safe';

  constructor(code: LedgerOpenCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
