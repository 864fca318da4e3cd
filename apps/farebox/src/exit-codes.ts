import type { ExitClass } from '@farebox/wallet';

/** The exit codes of the command (design: the wallet's contract). Scripts and agents decide by these. */
export const exitCodes = {
  /** Delivered, or previewed. */
  ok: 0,
  /** Failed; nothing was spent. */
  failed: 1,
  /** The command was not understood; nothing was done. */
  usage: 2,
  /** The network failed; nothing was spent. */
  network: 3,
  /** The payment failed: nobody was paid, and at most a fee was spent (`fee_lost`). */
  payment: 4,
  /** Refused by a limit or a safety rule; nothing was spent. */
  policy: 5,
  /** The outcome is not known: `farebox pay resume`. */
  unknown: 6,
  /** Paid, and the seller refused or failed: a credit, `farebox pay resume`. */
  credit: 7,
} as const satisfies Record<ExitClass | 'ok', number>;

/** What each code means, for help texts. */
export const exitCodeHelp = `
Exit codes:
  0 delivered or previewed      4 not paid, at most a fee spent
  1 failed, nothing spent       5 refused by a limit, nothing spent
  2 usage                       6 outcome unknown: farebox pay resume
  3 network, nothing spent      7 paid, not delivered: a credit, farebox pay resume`;
