import type { Database } from '../store/database.js';
import {
  dueWebhooks,
  nextDue,
  postpone,
  removeDelivery,
  takeDue,
  type WebhookDelivery,
} from '../store/webhooks.js';
import { sendTimeoutMs, sendWebhook } from './send.js';

/** How often one delivery is tried before it is given up: over about a day. */
export const attemptsMax = 15;
/** After the first failure; then twice as long each time, up to {@link backoffMsMax}. */
export const backoffMsFirst = 10_000;
/** The longest pause between two tries. */
export const backoffMsMax = 6 * 3_600_000;
/** Webhooks that are told at the same time, each of one thing. */
export const togetherMax = 32;
/** How many of them may be such as have failed the last time: who does not answer waits for their own kind only. */
export const failingTogetherMax = 8;
/** Webhooks that are remembered (to have failed, or for their turn), and that are looked at in one go. */
const webhooksMax = 10_000;
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

/**
 * Which webhooks are told next, as many as there are places for: those that were told longest ago first, however much waits for
 * the others, so that nobody is held back by targets that answer slowly.
 *
 * @param turns whoever is due, among others, in the order in which it is their turn
 */
function choose(
  due: readonly string[],
  telling: ReadonlySet<string>,
  failing: ReadonlySet<string>,
  turns: ReadonlySet<string>,
): readonly string[] {
  const waiting = new Set(due.filter((webhook) => !telling.has(webhook)));
  const idle = [...turns].filter((webhook) => waiting.has(webhook));
  const sound = idle.filter((webhook) => !failing.has(webhook));
  const failingNow = [...telling].filter((webhook) => failing.has(webhook)).length;
  const tried = idle.filter((webhook) => failing.has(webhook));
  const next = [...sound, ...tried.slice(0, Math.max(0, failingTogetherMax - failingNow))];
  return next.slice(0, togetherMax - telling.size);
}

/** Takes one delivery for each of some webhooks, in one write. Should we die meanwhile, they are told again later. */
function take(db: Database, webhooks: readonly string[], nowMs: number): Promise<readonly WebhookDelivery[]> {
  return db.write(async (sql) => {
    const taken: WebhookDelivery[] = [];
    for (const webhook of webhooks) {
      const delivery = await takeDue(sql, webhook, nowMs, nowMs + 3 * sendTimeoutMs);
      if (delivery !== undefined) taken.push(delivery);
    }
    return taken;
  });
}

/** Writes down what came of a delivery. */
function settle(
  db: Database,
  { id, attempts }: WebhookDelivery,
  told: boolean,
  nowMs: number,
): Promise<void> {
  const failures = attempts + 1;
  return db.write((sql) =>
    told || failures >= attemptsMax
      ? removeDelivery(sql, id)
      : postpone(sql, id, failures, nowMs + backoffMs(failures)),
  );
}

/** Puts a webhook last among those that are remembered; beyond {@link webhooksMax} the first is forgotten. */
function putLast(remembered: Set<string>, webhook: string): void {
  remembered.delete(webhook);
  remembered.add(webhook);
  const [first] = remembered;
  if (remembered.size > webhooksMax && first !== undefined) remembered.delete(first);
}

/**
 * Starts the courier. A webhook is told one thing after the other, so that however much waits for it, it holds one place of
 * {@link togetherMax}; and one that has failed holds it among {@link failingTogetherMax}, until it answers.
 */
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
  const telling = new Map<string, Promise<void>>();
  // Those that have failed the last time.
  const failing = new Set<string>();
  // In the order in which they were told. Who is not known yet comes last, so that a webhook that is made anew each
  // time does not come before those that wait.
  const turns = new Set<string>();

  async function tell(delivery: WebhookDelivery): Promise<void> {
    const { id, target, secret } = delivery.webhook;
    try {
      const told = await sendWebhook(target, secret, delivery.body, local);
      putLast(turns, id);
      if (told) failing.delete(id);
      else putLast(failing, id);
      await settle(db, delivery, told, now());
    } catch (error) {
      onFault('a webhook could not be told', error);
    }
    telling.delete(id);
    run();
  }

  /** Begins what can be begun. Resolves with when something is due that is not yet. */
  async function begin(): Promise<number | undefined> {
    const nowMs = now();
    const due = await db.read((sql) => dueWebhooks(sql, nowMs, webhooksMax));
    for (const webhook of due) if (!turns.has(webhook)) putLast(turns, webhook);
    const chosen = choose(due, new Set(telling.keys()), failing, turns);
    const taken = chosen.length === 0 ? [] : await take(db, chosen, nowMs);
    for (const delivery of taken) telling.set(delivery.webhook.id, tell(delivery));
    return db.read((sql) => nextDue(sql, nowMs));
  }

  function run(): void {
    if (closed) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    clearTimeout(timer);
    round = begin()
      .catch((error: unknown) => onFault('webhooks could not be told', error))
      .then((dueMs) => {
        round = undefined;
        if (closed) return;
        if (again) {
          again = false;
          run();
          return;
        }
        const waitMs = typeof dueMs === 'number' ? Math.min(idleMs, Math.max(1, dueMs - now())) : idleMs;
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
      await Promise.all(telling.values());
    },
  };
}
