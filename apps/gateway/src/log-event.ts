import type { GateEvent } from '@farebox/gate';
import type { AccessEvent } from './keys/problems.js';
import type { Logger } from './log.js';

/** Writes down an event of the gate: what a person has to see at once, the rest at debug. */
export function logEvent(logger: Logger, event: GateEvent): void {
  switch (event.kind) {
    case 'delivered': {
      if (!logger.isLevelEnabled('debug')) return;
      const { paid, ...rest } = event;
      logger.debug({ ...rest, amount: paid.amount.toString(), currency: paid.currency }, 'delivered');
      return;
    }
    case 'unknown':
      logger.warn(event, 'a once upstream was asked and its outcome is not known; the payment stays held');
      return;
    case 'method-unavailable':
    case 'ledger-unavailable':
      logger.error(
        event,
        event.kind === 'ledger-unavailable' ? 'the ledger does not answer' : 'no payment can be taken',
      );
      return;
    default:
      if (logger.isLevelEnabled('debug')) logger.debug(event, event.kind);
  }
}

/** Writes down, at debug, who was let in without payment and who was not: keys by their ids, which open nothing. */
export function logAccess(logger: Logger, event: AccessEvent): void {
  if (logger.isLevelEnabled('debug')) logger.debug(event, event.kind);
}
