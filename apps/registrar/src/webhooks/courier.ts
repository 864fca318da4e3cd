import type { Database } from '../store/database.js';
import { nextDue, postpone, removeDelivery, takeDue, type WebhookDelivery } from '../store/webhooks.js';
import { sendTimeoutMs, sendWebhook } from './send.js';

/** How often one delivery is tried before it is given up: over about a day. */
export const attemptsMax = 15;
/** After the first failure; then twice as long each time, up to {@link backoffMsMax}. */
export const backoffMsFirst = 10_000;
/** The longest pause between two tries. */
export const backoffMsMax = 6 * 3_600_000;
/** Told at the same time. */
const togetherMax = 16;
/** When it is looked for what others have left behind. */
const idleMs = 60_000;

/** Tells webhooks what was put down for them. */
export interface Courier {
  /** Something was put down. */
  wake(): void;
  /** Resolves when what is on its way has ended. What waits stays down. */
  close(): Promise<void>;
}

/** How long a delivery waits after so many failures. */
export function backoffMs(failures: number): number {
  return Math.min(backoffMsMax, backoffMsFirst * 2 ** (failures - 1));
}

/** Starts the courier. */
export function startCourier(
  db: Database,
  now: () => number,
  local: boolean,
  onFault: (what: string, error: unknown) => void,
): Courier {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let round: Promise<void> | undefined;
  let again = false;

  async function deliver({ id, webhook, body, attempts }: WebhookDelivery): Promise<void> {
    const told = await sendWebhook(webhook.target, webhook.secret, body, local);
    const failures = attempts + 1;
    await db.write((sql) =>
      told || failures >= attemptsMax
        ? removeDelivery(sql, id)
        : postpone(sql, id, failures, now() + backoffMs(failures)),
    );
  }

  async function tellAll(): Promise<void> {
    for (;;) {
      // Looking costs nothing; taking is a write.
      const dueMs = await db.read(nextDue);
      if (dueMs === undefined || dueMs > now()) return;
      // Should we die meanwhile, it is told again when this is over.
      const due = await db.write((sql) => takeDue(sql, now(), now() + 3 * sendTimeoutMs, togetherMax));
      await Promise.all(due.map(deliver));
      if (closed) return;
    }
  }

  function run(): void {
    if (closed) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    clearTimeout(timer);
    round = tellAll()
      .then(() => db.read(nextDue))
      .catch((error: unknown) => onFault('webhooks could not be told', error))
      .then((due) => {
        round = undefined;
        if (closed) return;
        if (again) {
          again = false;
          run();
          return;
        }
        const waitMs = typeof due === 'number' ? Math.min(idleMs, Math.max(1, due - now())) : idleMs;
        timer = setTimeout(run, waitMs);
        timer.unref();
      });
  }

  run();
  return {
    wake: run,
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
    },
  };
}
