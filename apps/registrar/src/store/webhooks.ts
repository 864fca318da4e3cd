import { integer, type Row, type Sql, text } from './database.js';

/** What a webhook may be told of. */
export const webhookEvents = [
  'domain.registered',
  'domain.renewed',
  'domain.expired',
  'domain.transferred',
  'records.updated',
  'profile.updated',
] as const;
/** One of {@link webhookEvents}. */
export type WebhookEvent = (typeof webhookEvents)[number];

/** Somewhere that an agent is told what happens to its names. */
export interface Webhook {
  readonly id: string;
  readonly agent: string;
  readonly target: string;
  readonly events: readonly WebhookEvent[];
  /** Signs what is sent. Never shown again. */
  readonly secret: string;
  readonly createdMs: number;
}

/** Something to be told. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhook: Webhook;
  readonly body: string;
  readonly attempts: number;
}

/** Most deliveries that wait for one webhook; what comes beyond is not told. */
export const waitingMax = 1_000;

function webhookOf(row: Row): Webhook {
  const named = text(row, 'events').split(' ');
  return {
    id: text(row, 'id'),
    agent: text(row, 'agent'),
    target: text(row, 'target'),
    events: webhookEvents.filter((each) => named.includes(each)),
    secret: text(row, 'secret'),
    createdMs: integer(row, 'created_ms'),
  };
}

/** An agent's webhooks, oldest first. */
export async function webhooksOf(sql: Sql, agent: string): Promise<readonly Webhook[]> {
  return (await sql.all('SELECT * FROM webhook WHERE agent = ? ORDER BY created_ms, id', [agent])).map(
    webhookOf,
  );
}

/** Writes a webhook. */
export async function insertWebhook(sql: Sql, webhook: Webhook): Promise<void> {
  const { id, agent, target, events, secret, createdMs } = webhook;
  await sql.run(
    'INSERT INTO webhook (id, agent, target, events, secret, created_ms) VALUES (?, ?, ?, ?, ?, ?)',
    [id, agent, target, events.join(' '), secret, createdMs],
  );
}

/** Removes a webhook of an agent, with what still waits; false when it has none of that id. */
export async function removeWebhook(sql: Sql, agent: string, id: string): Promise<boolean> {
  if ((await sql.run('DELETE FROM webhook WHERE agent = ? AND id = ?', [agent, id])) === 0) return false;
  await sql.run('DELETE FROM webhook_delivery WHERE webhook = ?', [id]);
  return true;
}

/** An event, as it is told. */
export interface EventFacts {
  readonly type: WebhookEvent;
  /** `evt_…` */
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Puts an event down for every webhook of the agent that wants it, in the transaction that makes it true. */
export async function emitEvent(sql: Sql, agent: string, event: EventFacts, nowMs: number): Promise<void> {
  for (const webhook of await webhooksOf(sql, agent)) {
    if (!webhook.events.includes(event.type)) continue;
    const [row] = await sql.all('SELECT COUNT(*) AS n FROM webhook_delivery WHERE webhook = ?', [webhook.id]);
    if (row !== undefined && integer(row, 'n') >= waitingMax) continue;
    const timestamp = new Date(nowMs).toISOString();
    const body = JSON.stringify({ event_id: event.id, event_type: event.type, timestamp, data: event.data });
    await sql.run(
      'INSERT INTO webhook_delivery (id, webhook, body, attempts, next_ms) VALUES (?, ?, ?, 0, ?)',
      [`${event.id}.${webhook.id}`, webhook.id, body, nowMs],
    );
  }
}

/** The webhooks that something is due for, the longest waiting first. */
export async function dueWebhooks(sql: Sql, nowMs: number, limit: number): Promise<readonly string[]> {
  const rows = await sql.all(
    `SELECT webhook, MIN(next_ms) AS since_ms FROM webhook_delivery WHERE next_ms <= ?
     GROUP BY webhook ORDER BY since_ms, webhook LIMIT ?`,
    [nowMs, limit],
  );
  return rows.map((row) => text(row, 'webhook'));
}

/** Takes the first that is due for a webhook, and puts it off until `againMs`, so that nobody else tells it meanwhile. */
export async function takeDue(
  sql: Sql,
  webhook: string,
  nowMs: number,
  againMs: number,
): Promise<WebhookDelivery | undefined> {
  const [row] = await sql.all(
    `SELECT d.id AS delivery, d.body, d.attempts, w.* FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook
     WHERE d.webhook = ? AND d.next_ms <= ? ORDER BY d.next_ms, d.id LIMIT 1`,
    [webhook, nowMs],
  );
  if (row === undefined) return undefined;
  const id = text(row, 'delivery');
  await sql.run('UPDATE webhook_delivery SET next_ms = ? WHERE id = ?', [againMs, id]);
  return { id, webhook: webhookOf(row), body: text(row, 'body'), attempts: integer(row, 'attempts') };
}

/** It was told, or is given up. */
export async function removeDelivery(sql: Sql, id: string): Promise<void> {
  await sql.run('DELETE FROM webhook_delivery WHERE id = ?', [id]);
}

/** It could not be told: it is tried again at `nextMs`. */
export async function postpone(sql: Sql, id: string, attempts: number, nextMs: number): Promise<void> {
  await sql.run('UPDATE webhook_delivery SET attempts = ?, next_ms = ? WHERE id = ?', [attempts, nextMs, id]);
}

/** When the next one is due after a moment; undefined when nothing waits for then. */
export async function nextDue(sql: Sql, afterMs: number): Promise<number | undefined> {
  const [row] = await sql.all(
    'SELECT next_ms FROM webhook_delivery WHERE next_ms > ? ORDER BY next_ms LIMIT 1',
    [afterMs],
  );
  return row === undefined ? undefined : integer(row, 'next_ms');
}
