import { type Ledger, SteadyTime } from '@farebox/ledger';
import type { RedemptionConfig } from './config/config.js';
import type { Logger } from './log.js';

/** How often the ledger is swept. */
export const sweepEveryMs = 60_000;
/** Most rows that one step of a sweep touches: payments in between do not wait for more. */
export const sweepRowsMax = 1_000;

/** Something that goes on until it is stopped. */
export interface Housekeeping {
  /** Resolves when no step is under way. */
  stop(): Promise<void>;
}

/**
 * Lets credits expire that nobody redeemed in time, and removes answers and claims whose time is over, a bounded step at a
 * time. Several gateways on one ledger may all do it. Nothing of it can be undone, so that it waits for an hour after the
 * clock was set.
 *
 * @param redemption what holds at the moment: it may be exchanged by a reload
 * @param elapsed milliseconds on a clock that nobody sets; the process's own unless given
 */
export function startHousekeeping(
  ledger: Pick<Ledger, 'sweep'>,
  redemption: () => RedemptionConfig,
  now: () => number,
  logger: Logger,
  elapsed?: () => number,
): Housekeeping {
  const time = new SteadyTime(
    now,
    (movedMs) =>
      logger.warn(
        { movedSeconds: Math.round(movedMs / 1000) },
        'the clock was set, or the machine slept: for an hour no credit expires and nothing is removed from the ledger',
      ),
    elapsed,
  );
  let stopped = false;
  let sweeping: Promise<void> = Promise.resolve();

  async function sweepAll(): Promise<void> {
    for (let more = true; more && !stopped; ) {
      const nowMs = time.read();
      if (nowMs === undefined) return;
      const { creditWindowMs, replayWindowMs, retentionMs } = redemption();
      const terms = {
        redemptionWindowMs: creditWindowMs,
        replayWindowMs,
        retentionMs,
        rowsMax: sweepRowsMax,
      };
      const swept = await ledger.sweep({ nowMs, ...terms });
      if (swept.expired > 0)
        logger.info({ credits: swept.expired }, 'credits expired that nobody redeemed in time');
      ({ more } = swept);
    }
  }

  const timer = setInterval(() => {
    // One sweep at a time; what a failed one left is done by the next.
    sweeping = sweeping
      .then(sweepAll)
      .catch((error: unknown) => logger.warn({ error }, 'the ledger could not be swept'));
  }, sweepEveryMs);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await sweeping;
    },
  };
}
